// Sending a picture: a small one in one go; a large one announced and sent in pieces, so that a broken line costs one piece and
// not the whole. The key found on the device names the upload on the server too: after any interruption it is the same one.
import { send } from "../api/client";
import type { KeptPhoto } from "./outbox";

interface Upload { id: string; size: number; received: number; piece_bytes: number }
interface Made { id: string | number }

/** Pictures up to this size go in one piece. */
const SMALL = 768 * 1024;

export async function sendPhoto(photo: KeptPhoto, pauses?: readonly number[]): Promise<string> {
  // Sums are computed by the browser only on secure pages; elsewhere the picture goes in one go.
  if (photo.blob.size <= SMALL || globalThis.crypto?.subtle === undefined) return inOneGo(photo, pauses);
  const body = new Uint8Array(await photo.blob.arrayBuffer());
  const announced = { size: body.length, sha256: hex(await crypto.subtle.digest("SHA-256", body)), name: photo.name, media_type: photo.blob.type };
  let upload = await send<Upload>({ key: photo.key, method: "POST", path: "/sources/uploads", body: announced }, pauses);
  while (upload.received < upload.size) {
    const piece = new Blob([body.subarray(upload.received, upload.received + upload.piece_bytes)], { type: "application/octet-stream" });
    upload = await send<Upload>({ key: `${photo.key}-${upload.received}`, method: "PATCH", path: `/sources/uploads/${upload.id}?offset=${upload.received}`, body: piece }, pauses);
  }
  const made = await send<Made>({ key: `${photo.key}-end`, method: "POST", path: `/sources/uploads/${upload.id}/finish`, body: {} }, pauses);
  return String(made.id);
}

async function inOneGo(photo: KeptPhoto, pauses?: readonly number[]): Promise<string> {
  const form = new FormData();
  form.append("file", photo.blob, photo.name);
  form.append("stage", photo.stage);
  return String((await send<Made>({ key: photo.key, method: "POST", path: "/sources/attachments", body: form }, pauses)).id);
}

const hex = (sum: ArrayBuffer): string => [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("");
