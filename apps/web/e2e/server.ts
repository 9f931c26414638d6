import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const BINARY = process.env["PLEXI_TEST_SERVER"] ?? process.env["PLEXI_SERVER_BIN"] ?? resolve(import.meta.dirname, "../../../target/debug/plexi-server");

/** A server of our own with an empty data folder. It can be killed and started again on the same port. */
export class Server {
  #child: ChildProcess | null = null;
  setupLink = "";

  private constructor(
    readonly port: number,
    readonly data: string,
  ) {}

  static async start(): Promise<Server> {
    const server = await Server.prepare();
    await server.run();
    return server;
  }

  /** A data folder and a port, with nothing running yet. */
  static async prepare(): Promise<Server> {
    return new Server(await freePort(), await mkdtemp(join(tmpdir(), "plexi-e2e-")));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Brings a Mattermost export in, with the command line that stands beside the server. */
  async importMattermost(lines: string): Promise<void> {
    const file = join(this.data, "export.jsonl");
    await writeFile(file, lines);
    const command = join(dirname(BINARY), "plexi");
    await promisify(execFile)(command, ["--set", `server.data_dir=${join(this.data, "data")}`, "import", "mattermost", file], { cwd: this.data });
  }

  async run(): Promise<void> {
    const child = spawn(BINARY, [], {
      cwd: this.data,
      env: { ...process.env, PLEXICHAT_SERVER__LISTEN: `127.0.0.1:${this.port}`, PLEXICHAT_SERVER__DATA_DIR: join(this.data, "data") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    // A test that fails does not get to removing it.
    process.once("exit", () => child.kill("SIGKILL"));
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const link = /https?:\/\/\S+\/setup#token=\S+/.exec(output)?.[0];
      if (link) this.setupLink = link;
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output}`);
      const answer = await fetch(`${this.origin}/health/ready`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`the server did not start:\n${output}`);
  }

  /** Ends it without any warning, as a power cut would. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Asks it to stop, as before a planned restart. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
    this.#child = null;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}
