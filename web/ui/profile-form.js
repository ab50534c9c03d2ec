/** @file One's own profile: name, picture, and how to be reached. */

import { ROLE_NAMES } from './account-rules.js';
import { personAvatar } from './avatar.js';
import { h } from './dom.js';
import { FormField } from './form-field.js';
import { errorField, errorText, personName } from './format.js';
import { PictureUpload } from './picture-upload.js';
import { reporter } from './reporter.js';
import { isModerator } from './roles.js';

export class ProfileForm {
  #model;
  /** As the server has it; null until it has come. */
  #stored = null;
  /** What the fields were filled with. */
  #shown = null;

  /** @param {import('./model.js').ChatModel} model */
  constructor(model) {
    this.#model = model;
    this.fields = {
      display_name: new FormField('Name shown to others', { maxlength: 128, autocomplete: 'name' }),
      img_url: new FormField(
        'Address of your picture',
        { inputmode: 'url', maxlength: 2048, placeholder: 'https://…', autocomplete: 'off' },
        'Everybody sees name and picture.',
      ),
      email: new FormField('Email', { type: 'email', maxlength: 254, autocomplete: 'email' }),
      phone: new FormField(
        'Phone',
        { type: 'tel', maxlength: 32, autocomplete: 'tel' },
        'Only you and the admins see email and phone.',
      ),
    };
    const { display_name: name, img_url: picture } = this.fields;
    for (const field of [name, picture]) field.input.addEventListener('change', () => this.#showCard());
    this.card = h('div.profile-card');
    this.upload = new PictureUpload(model, { onUploaded: (fileUrl) => this.#setPicture(fileUrl) });
    this.report = reporter();
    this.submit = h('button.primary', { type: 'submit' }, 'Save');
    this.element = h(
      'form.profile-form',
      { novalidate: true, onsubmit: (event) => this.#save(event) },
      h('div.profile-head', {}, this.card, this.upload.button),
      this.upload.element,
      ...Object.values(this.fields).map((field) => field.element),
      this.report.element,
      h('div.dialog-actions', {}, this.submit),
    );
    this.#fill(model.me);
  }

  /** The page does not know email and phone before it asks. */
  async load() {
    try {
      this.#stored = await this.#model.rest.me();
      this.#fill(this.#stored, this.#shown);
    } catch (error) {
      this.report.say(errorText(error), true);
    }
  }

  close() {
    this.upload.close();
  }

  /** Stored at once: who has chosen a picture does not look for a button to save it. */
  async #setPicture(fileUrl) {
    try {
      this.#stored = await this.#model.rest.updateMe({ img_url: fileUrl });
      this.#model.setMe(this.#stored);
      this.fields.img_url.value = fileUrl;
      this.#fill(this.#stored, this.#shown);
      this.report.say('Your picture is changed.');
    } catch (error) {
      this.report.say(errorText(error), true);
    }
  }

  /** @param {?object} former what the fields were filled with: what the user wrote since then stays */
  #fill(profile, former = null) {
    for (const [key, field] of Object.entries(this.fields)) {
      if (former === null || field.value === (former[key] ?? '')) field.value = profile[key];
    }
    this.#shown = profile;
    this.#showCard();
  }

  /** How others will see one. */
  #showCard() {
    const { me } = this.#model;
    const { display_name: name, img_url: picture } = this.fields;
    const shown = { ...me, display_name: name.value || me.username, img_url: picture.value };
    const role = isModerator(me) ? [h('span.tag', {}, ROLE_NAMES[me.role])] : [];
    this.card.replaceChildren(
      personAvatar(shown, null, 'large'),
      h(
        'span.person',
        {},
        h('strong', { dir: 'auto' }, personName(shown)),
        h('small', {}, `@${me.username}`),
      ),
      ...role,
    );
  }

  /** Only what differs, so that two pages do not undo each other's changes. */
  #changes() {
    const changes = {};
    for (const [key, field] of Object.entries(this.fields)) {
      if (field.value !== (this.#stored[key] ?? '')) changes[key] = field.value || null;
    }
    return changes;
  }

  async #save(event) {
    event.preventDefault();
    if (this.submit.disabled) return;
    if (!this.#stored) await this.load();
    if (!this.#stored) return;
    const changes = this.#changes();
    if (Object.keys(changes).length === 0) {
      this.report.say('Nothing has changed.');
      return;
    }
    this.report.say('');
    this.submit.disabled = true;
    try {
      this.#stored = await this.#model.rest.updateMe(changes);
      this.#model.setMe(this.#stored);
      this.#fill(this.#stored);
      this.report.say('Saved.');
    } catch (error) {
      const field = this.fields[errorField(error)];
      if (field) field.complain(errorText(error));
      else this.report.say(errorText(error), true);
    }
    this.submit.disabled = false;
  }
}
