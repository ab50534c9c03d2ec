/** @file All about oneself: the profile, the password, where one is logged in, and one's files. */

import { makeDialog, showDialog } from './dialog.js';
import { FilesPanel } from './files-panel.js';
import { LogInsPanel } from './log-ins-panel.js';
import { PasswordForm } from './password-form.js';
import { ProfileForm } from './profile-form.js';
import { Tabs } from './tabs.js';

export class ProfileDialog {
  /**
   * @param {import('./model.js').ChatModel} model
   * @param {{onSignOut: () => void, onSignedOut: (notice: string) => void}} options
   */
  constructor(model, options) {
    this.profile = new ProfileForm(model);
    const logIns = new LogInsPanel(model, options);
    const files = new FilesPanel(model);
    this.tabs = new Tabs('Your account', [
      { title: 'Profile', panel: this.profile.element },
      { title: 'Password', panel: new PasswordForm(model).element },
      { title: 'Log-ins', panel: logIns.element, onShow: () => logIns.load() },
      { title: 'Files', panel: files.element, onShow: () => files.load() },
    ]);
    this.dialog = makeDialog('Your account', this.tabs.element);
    this.dialog.classList.add('tall', 'steady');
    this.dialog.addEventListener('close', () => this.profile.close());
  }

  show() {
    showDialog(this.dialog);
    this.profile.fields.display_name.input.focus();
    this.profile.load();
  }
}
