// What the device itself keeps in its database: the outbox, and what was begun and not yet handed in.
const NAME = "chengyun";
const VERSION = 2;
export type Store = "outbox" | "drafts";

let opened: Promise<IDBDatabase> | null = null;
function database(): Promise<IDBDatabase> {
  opened ??= new Promise((done, fail) => {
    if (typeof indexedDB === "undefined") return fail(new Error("this browser keeps nothing"));
    const opening = indexedDB.open(NAME, VERSION);
    opening.onupgradeneeded = () => {
      for (const [store, keyPath] of [["outbox", "key"], ["drafts", "about"]] as const) if (!opening.result.objectStoreNames.contains(store)) opening.result.createObjectStore(store, { keyPath });
    };
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => {
      // A newer page in another tab may need the database for itself.
      opening.result.onversionchange = () => { opening.result.close(); opened = null; };
      done(opening.result);
    };
  });
  opened.catch(() => { opened = null; });
  return opened;
}

/** One request in a transaction of its own; answers once it is durable. */
export async function onDevice<T>(store: Store, mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await database();
  return new Promise((ok, no) => {
    const tx = db.transaction(store, mode);
    const request = ask(tx.objectStore(store));
    tx.oncomplete = () => ok(request.result);
    tx.onerror = () => no(tx.error);
    tx.onabort = () => no(tx.error);
  });
}
