// Sending a picture: a small one in one go; a large one announced and sent in pieces, so that a broken line costs one piece and
// not the whole. The key found on the device names the upload on the server too: after any interruption it is the same one.
import { ApiError, send } from "../api/client";
import type { KeptPhoto } from "./outbox";

interface Upload { id: string; size: number; received: number; piece_bytes: number }
interface Made { id: string | number }

/** Pictures up to this size go in one piece. */
const SMALL = 768 * 1024;

/**
 * Gives the attachment's id. `note` is told the upload's name once all its pieces have arrived, to be kept on the device: if the last
 * answer is lost, only that answer is asked for again.
 */
export async function sendPhoto(photo: KeptPhoto, pauses?: readonly number[], note: (upload: string) => Promise<void> = async () => undefined): Promise<string> {
  // Sums are computed by the browser only on secure pages; elsewhere the picture goes in one go.
  if (photo.blob.size <= SMALL || globalThis.crypto?.subtle === undefined) return inOneGo(photo, pauses);
  if (photo.upload) {
    try {
      return await finish(photo, photo.upload, pauses);
    } catch (error) {
      // Neither the pieces nor what was made of them are there any more: from the beginning.
      if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 422)) throw error;
    }
  }
  const body = new Uint8Array(await photo.blob.arrayBuffer());
  const announced = { size: body.length, sha256: hex(await crypto.subtle.digest("SHA-256", body)), name: photo.name, media_type: photo.blob.type };
  let upload = await send<Upload>({ key: photo.key, method: "POST", path: "/sources/uploads", body: announced }, pauses);
  while (upload.received < upload.size) {
    const piece = new Blob([body.subarray(upload.received, upload.received + upload.piece_bytes)], { type: "application/octet-stream" });
    upload = await send<Upload>({ key: `${photo.key}-${upload.received}`, method: "PATCH", path: `/sources/uploads/${upload.id}?offset=${upload.received}`, body: piece }, pauses);
  }
  await note(upload.id);
  return finish(photo, upload.id, pauses);
}

async function finish(photo: KeptPhoto, upload: string, pauses?: readonly number[]): Promise<string> {
  return String((await send<Made>({ key: `${photo.key}-end`, method: "POST", path: `/sources/uploads/${upload}/finish`, body: {} }, pauses)).id);
}

async function inOneGo(photo: KeptPhoto, pauses?: readonly number[]): Promise<string> {
  const form = new FormData();
  form.append("file", photo.blob, photo.name);
  form.append("stage", photo.stage);
  return String((await send<Made>({ key: photo.key, method: "POST", path: "/sources/attachments", body: form }, pauses)).id);
}

const hex = (sum: ArrayBuffer): string => [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("");
