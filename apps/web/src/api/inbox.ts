/** How the server compresses longer events for who asks; `null` where the browser cannot undo it. */
export const PACKING: "deflate-raw" | null = unpacks("deflate-raw") ? "deflate-raw" : null;

function unpacks(format: CompressionFormat): boolean {
  try {
    return Boolean(new DecompressionStream(format));
  } catch {
    return false;
  }
}

async function unpack(data: ArrayBuffer): Promise<string> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}

/** What comes of a socket, in the order in which it came: unpacking takes a moment, and nothing overtakes it meanwhile. */
export class Inbox {
  #last: Promise<void> | null = null;

  /** Hands the text of a message on; one that cannot be unpacked is left out, as the gap it leaves is asked for again. */
  take(data: string | ArrayBuffer, give: (text: string) => void): void {
    if (typeof data === "string") return this.after(() => give(data));
    const unpacked = unpack(data).catch(() => null);
    this.#queue(async () => {
      const text = await unpacked;
      if (text !== null) give(text);
    });
  }

  /** Does something after all that came before: at once when nothing is being unpacked. */
  after(work: () => void): void {
    if (this.#last) this.#queue(async () => work());
    else work();
  }

  #queue(work: () => Promise<void>): void {
    const before = (this.#last ?? Promise.resolve()).catch(() => undefined);
    const mine: Promise<void> = before.then(work).finally(() => {
      if (this.#last === mine) this.#last = null;
    });
    this.#last = mine;
  }
}
