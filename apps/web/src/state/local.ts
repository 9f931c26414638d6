/** Small values on this device. A browser may refuse storage; then nothing is kept and nothing breaks. */

const PREFIX = "plexi:";

export function readLocal<T>(key: string): T | undefined {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function writeLocal(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    return;
  }
}

/** Removes everything of ours that starts with `start`. */
export function clearLocal(start: string): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX + start)) localStorage.removeItem(key);
  } catch {
    return;
  }
}

const DATABASE = "plexichat";
const TABLE = "offline";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("no database"));
  });
}

async function within<T>(mode: IDBTransactionMode, act: (table: IDBObjectStore) => IDBRequest): Promise<T | undefined> {
  try {
    const database = await open();
    try {
      return await new Promise<T>((resolve, reject) => {
        const asked = act(database.transaction(TABLE, mode).objectStore(TABLE));
        asked.onsuccess = () => resolve(asked.result as T);
        asked.onerror = () => reject(asked.error ?? new Error("refused"));
      });
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/** What is kept for reading without a connection. */
export const offline = {
  read: <T>(key: string) => within<T>("readonly", (table) => table.get(key)),
  write: (key: string, value: unknown) => within<void>("readwrite", (table) => table.put(value, key)),
  clear: () => within<void>("readwrite", (table) => table.clear()),
};
