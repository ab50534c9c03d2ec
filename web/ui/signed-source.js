/**
 * @file Gives pictures, videos and links the signed addresses of the server's files, when they come into
 * sight, and again when an address has ended.
 */

const PAUSE_MS = 3_000;
const PAUSE_MAX_MS = 60_000;
/** Files begin to load a little before one has scrolled to them. */
const MARGIN = '400px';

/**
 * Who signs. A page has one log-in at a time, and people's pictures stand everywhere on it.
 * @type {?import('../parley-client.js').ParleyClient}
 */
let client = null;

/** @param {?import('../parley-client.js').ParleyClient} signedIn */
export function signFilesBy(signedIn) {
  client = signedIn;
}

/** What to do with elements once they are in sight. @type {WeakMap<Element, () => void>} */
const unseen = new WeakMap();
let sight = null;

function whenInSight(element, run) {
  sight ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        sight.unobserve(target);
        unseen.get(target)?.();
      }
    },
    { rootMargin: MARGIN, scrollMargin: MARGIN },
  );
  unseen.set(element, run);
  sight.observe(element);
}

/**
 * Shows a file in an element with `src`. An address that fails is signed anew, once; a new one, which a video
 * may need after a while, gets its own chance.
 * @param {HTMLImageElement | HTMLMediaElement} element
 * @param {string} fileUrl
 * @param {{onFail: () => void}} options there is no such file, or the browser cannot show it
 */
export function showFile(element, fileUrl, { onFail }) {
  const signer = client;
  let hasFailed = false;
  let pauseMs = PAUSE_MS;

  const load = async (anew) => {
    try {
      const address = await signer.signFile(fileUrl, { anew });
      if (anew && hasFailed && address === element.getAttribute('src')) {
        onFail();
        return;
      }
      hasFailed = anew;
      const at = element.currentTime ?? 0;
      element.src = address;
      if (at > 0) element.currentTime = at; // a video goes on where it stopped
    } catch (error) {
      if (!error.retryable) {
        onFail();
        return;
      }
      // Without a connection the file is not gone.
      setTimeout(() => element.isConnected && load(anew), Math.max(pauseMs, error.retryAfterMs ?? 0));
      pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2);
    }
  };
  element.addEventListener('error', () => load(true));

  const known = signer?.signedFile(fileUrl);
  // At once, so that a row which is drawn anew does not flicker.
  if (known) element.src = known;
  // A picture without an address may have no size; what is around it has.
  else if (signer) whenInSight(element.parentElement ?? element, () => load(false));
}

/**
 * A link to a file. Its address is signed when somebody is about to use it; a click that comes first waits.
 * @param {HTMLAnchorElement} link
 * @param {string} fileUrl
 * @param {{onFail: (error: Error) => void}} options
 */
export function linkFile(link, fileUrl, { onFail }) {
  const signer = client;
  let isSigned = false;
  const prepare = () =>
    signer.signFile(fileUrl).then(
      (address) => (link.href = address),
      () => {}, // the click will tell
    );
  link.href = fileUrl;
  for (const type of ['pointerenter', 'focus']) link.addEventListener(type, prepare);
  link.addEventListener('click', async (event) => {
    if (isSigned || signer.signedFile(fileUrl)) {
      link.href = signer.signedFile(fileUrl) ?? link.href;
      return;
    }
    event.preventDefault();
    try {
      link.href = await signer.signFile(fileUrl);
    } catch (error) {
      onFail(error);
      return;
    }
    isSigned = true; // even if this device's clock says that it has ended
    link.click();
    isSigned = false;
  });
}
