/** @file A list that is drawn anew often: what did not change stays as it is, with focus and open menus. */

export class KeyedList {
  /** @type {Map<string, {element: HTMLElement, shows: string}>} */
  #rows = new Map();

  /** @param {HTMLElement} element the `ul`, `tbody` or the like that holds the rows */
  constructor(element) {
    this.element = element;
  }

  /**
   * @param {{key: string, shows: unknown, make: () => HTMLElement}[]} rows in order; `shows`: all that is seen
   *   of a row, a row is made anew only if it differs
   */
  draw(rows) {
    const focus = this.#focus();
    const drawn = rows.map(({ key, shows, make }) => this.#row(key, JSON.stringify(shows), make));
    const kept = new Set(rows.map(({ key }) => key));
    for (const key of this.#rows.keys()) if (!kept.has(key)) this.#rows.delete(key);
    const elements = new Set(drawn);
    for (const child of [...this.element.children]) if (!elements.has(child)) child.remove();
    drawn.forEach((element, index) => {
      if (this.element.children[index] !== element)
        this.element.insertBefore(element, this.element.children[index] ?? null);
    });
    if (focus) this.#refocus(focus);
  }

  #row(key, shows, make) {
    const row = this.#rows.get(key);
    if (row?.shows === shows) return row.element;
    const element = make();
    row?.element.replaceWith(element);
    this.#rows.set(key, { element, shows });
    return element;
  }

  /** Which control of which row has the focus. */
  #focus() {
    const element = document.activeElement;
    if (!this.element.contains(element)) return null;
    const keys = [...this.#rows.keys()];
    const index = keys.findIndex((key) => this.#rows.get(key).element.contains(element));
    return { element, key: keys[index], index, control: element.dataset.control };
  }

  /** To the same control; else to what took its place, so that the keyboard is not sent to the beginning. */
  #refocus({ element, key, index, control }) {
    if (document.activeElement === element) return;
    const row = this.#rows.get(key)?.element ?? this.element.children[Math.min(index, this.#rows.size - 1)];
    const controls = [...(row?.querySelectorAll('button, input, select, a[href]') ?? [])];
    const target = element.isConnected
      ? element
      : (controls.find((each) => each.dataset.control === control) ?? controls[0]);
    target?.focus({ preventScroll: true });
  }
}
