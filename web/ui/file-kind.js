/** @file What a message's file is, as far as its address tells. No document. */

/** Addresses that this server gave for an upload. */
const OWN_FILE = /^\/api\/v1\/files\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/([^/?#]+)$/;

/**
 * What browsers show by themselves. The server tells a file's type by its content: a wrong name shows
 * nothing.
 */
const KINDS = {
  picture: 'png jpg jpeg jfif gif webp avif bmp heic heif',
  video: 'mp4 m4v webm mov ogv',
  audio: 'mp3 m4a ogg oga opus wav flac',
};
const KIND_OF_EXTENSION = new Map(
  Object.entries(KINDS).flatMap(([kind, extensions]) => extensions.split(' ').map((each) => [each, kind])),
);
const UNITS = ['bytes', 'KB', 'MB', 'GB'];

/** Whether this server keeps it, so that it needs a signed address. */
export function isOwnFile(url) {
  return OWN_FILE.test(url ?? '');
}

/** The name with which it was uploaded. */
export function fileName(url) {
  const name = OWN_FILE.exec(url)?.[1] ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** @returns {'picture' | 'video' | 'audio' | 'file'} */
export function kindOfName(name) {
  const [, extension] = /\.([a-z0-9]+)$/i.exec(name) ?? [null, ''];
  return KIND_OF_EXTENSION.get(extension.toLowerCase()) ?? 'file';
}

/** A few words for lists; an address elsewhere was given as a picture's. */
export function fileSummary(url) {
  if (!isOwnFile(url)) return 'Picture';
  const name = fileName(url);
  return { picture: 'Picture', video: 'Video', audio: 'Audio', file: name }[kindOfName(name)];
}

/** `812 bytes`, `1.4 MB`. */
export function sizeText(bytes) {
  let size = bytes;
  let unit = 0;
  // What would be rounded to 1000 KB is 1.0 MB.
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0;
  return `${size.toFixed(digits)} ${bytes === 1 ? 'byte' : UNITS[unit]}`;
}
