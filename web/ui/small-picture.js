/**
 * @file Makes a photo small enough for a person's picture, which everybody's page fetches. What a camera
 * writes beside it, such as where it was taken, stays here.
 */

import { ParleyError } from '../parley-client.js';

/** Twice as much as the largest place that shows it. */
const LONGEST_SIDE_PX = 512;
const JPEG_QUALITY = 0.88;

/**
 * @param {Blob} file
 * @returns {Promise<File>} a JPEG of a JPEG, else a PNG, which keeps what is transparent
 */
export async function smallPicture(file) {
  const picture = await createImageBitmap(file).catch((cause) => {
    throw new ParleyError('bad_request', 'That is not a picture that this browser can show.', { cause });
  });
  const scale = Math.min(1, LONGEST_SIDE_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const isPhoto = file.type === 'image/jpeg';
  const type = isPhoto ? 'image/jpeg' : 'image/png';
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, JPEG_QUALITY));
  return new File([blob], `picture.${isPhoto ? 'jpg' : 'png'}`, { type });
}
