/** @file Makes elements. Text only ever enters as text, never as markup. */

import { underPress } from './press.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 * @param {string} tag `div`, or with classes: `div.card.wide`
 * @param {object} [attributes] `onclick` and the like are listeners; true, false and null set or leave out
 * @param {...(Node | string | null | undefined | false)} children strings become text
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'value') element.value = value;
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A symbol of icons.svg, decorative: the control around it bears the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A round button that shows an icon and has a name. */
export function iconButton(name, label, onclick, attributes = {}) {
  return h(
    'button.icon-button',
    { type: 'button', 'aria-label': label, title: label, onclick, ...attributes },
    icon(name),
  );
}

/**
 * Runs a function once at the next frame, however often it is asked for; hidden tabs get it by a timer.
 * A press comes first: a browser makes no click of it if what was pressed is drawn anew or moved.
 */
export function batched(run) {
  let asked = false;
  const soon = () => (document.hidden ? setTimeout(now, 50) : requestAnimationFrame(now));
  const now = () => {
    const press = underPress();
    if (press) {
      press.then(soon);
      return;
    }
    asked = false;
    run();
  };
  return () => {
    if (asked) return;
    asked = true;
    soon();
  };
}
