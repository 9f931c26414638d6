import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, get, post, whenSignedOut } from "./client";

const answer = (status: number, body: unknown) =>
  vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }))));

describe("requests", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("carry a key that makes repeating them safe", async () => {
    answer(201, { id: "x" });
    await post("/spaces", { name: "n" });
    const [url, init] = vi.mocked(fetch).mock.calls[0] ?? [];
    expect(url).toBe("/api/v1/spaces");
    expect((init?.headers as Record<string, string>)["idempotency-key"]).toMatch(/^[A-Za-z0-9_-]{20}$/);
  });

  it("leave out what is not asked", async () => {
    answer(200, {});
    await get("/users", { q: "", limit: 5, cursor: undefined });
    expect(vi.mocked(fetch).mock.calls[0]?.[0]).toBe("/api/v1/users?limit=5");
  });

  it("give the server's own words and fields", async () => {
    answer(422, { error_code: "VALIDATION_INVALID", message: "No.", details: { fields: [{ field: "name", problem: "is taken" }] } });
    const error = await get("/x").catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).field("name")).toBe("is taken");
  });

  it("tell no answer from a bad answer", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(get("/x")).rejects.toMatchObject({ offline: true, code: "CLIENT_OFFLINE" });
  });

  it("say that the session is over, except while signing in", async () => {
    const over = vi.fn();
    whenSignedOut(over);
    answer(401, { error_code: "AUTH_REQUIRED", message: "" });
    await get("/auth/x").catch(() => undefined);
    expect(over).not.toHaveBeenCalled();
    await get("/users/me").catch(() => undefined);
    expect(over).toHaveBeenCalledOnce();
  });
});
