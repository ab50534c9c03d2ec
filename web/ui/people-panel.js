/** @file Who is in the room, who of them is online, what one can do about them, and the ways in and out. */

import { personAvatar } from './avatar.js';
import { ask } from './dialog.js';
import { batched, h, icon, iconButton } from './dom.js';
import { errorText, personName, presenceText, untilText } from './format.js';
import { InviteDialog } from './invite-dialog.js';
import { KeyedList } from './keyed-list.js';
import { openMenu } from './menu.js';
import { ModerationDialog } from './moderation-dialog.js';
import { reporter } from './reporter.js';
import { banMember, muteMember } from './restrict-member.js';
import { isModerator, mayModerate } from './roles.js';

/** For how long a menu waits to learn what it may offer. */
const MENU_MS = 3_000;

/** Shown instead of whether somebody is online, except for friends. */
const STANDINGS = {
  outgoing: 'You asked to be friends',
  incoming: 'Asks to be your friend',
  blocked: 'Blocked',
};

export class PeoplePanel {
  #model;
  #room;
  #actions;
  #ended = new AbortController();
  #open = false;

  /**
   * @param {import('./model.js').ChatModel} model
   * @param {import('./room-state.js').RoomState} room
   * @param {{actions: import('./person-actions.js').PersonActions, onClose: () => void}} options
   */
  constructor(model, room, { actions, onClose }) {
    this.#model = model;
    this.#room = room;
    this.#actions = actions;
    this.heading = h('h3', { tabindex: '-1' }, 'People');
    this.list = h('ul.people');
    this.people = new KeyedList(this.list);
    this.empty = h('p.empty');
    this.report = reporter();
    this.moderation = h(
      'button.quiet',
      { type: 'button', hidden: true, onclick: () => new ModerationDialog(model, room).show() },
      icon('shield'),
      'Moderate the room',
    );
    const groupActions =
      room.is_group &&
      h(
        'div.people-actions',
        {},
        h(
          'button.quiet',
          { type: 'button', onclick: () => new InviteDialog(model, room).show() },
          icon('person-plus'),
          'Invite people',
        ),
        this.moderation,
        h(
          'button.quiet.danger',
          { type: 'button', onclick: () => this.#leave() },
          icon('leave'),
          'Leave the room',
        ),
      );
    this.element = h(
      'aside.people-panel',
      { 'aria-label': 'People', hidden: true },
      h('header', {}, this.heading, iconButton('close', 'Close', onClose)),
      this.list,
      this.empty,
      this.report.element,
      groupActions,
    );
    const draw = batched(() => this.#draw());
    for (const type of ['people', 'friends'])
      model.addEventListener(type, draw, { signal: this.#ended.signal });
  }

  destroy() {
    this.#ended.abort();
  }

  setOpen(open) {
    this.#open = open;
    this.element.hidden = !open;
    if (!open) return;
    this.#draw();
    this.heading.focus();
  }

  #draw() {
    if (!this.#open) return;
    const { members } = this.#room;
    this.moderation.hidden = !mayModerate(this.#model.me, this.#room);
    this.empty.textContent = members ? '' : 'Fetching the members…';
    if (!members) return;
    this.heading.textContent = `People · ${members.size}`;
    this.people.draw(this.#sorted().map((person) => this.#row(person)));
  }

  #row({ profile, presence, isMe }) {
    const name = personName(profile);
    const standing = this.#model.friends.standing(profile.user_id);
    const friend = standing === 'friend' ? 'Friend · ' : '';
    const line = STANDINGS[standing] ?? `${friend}${presenceText(presence)}`;
    return {
      key: profile.user_id,
      shows: [name, profile.img_url, presence.is_online, line, isMe],
      make: () =>
        h(
          'li',
          {},
          personAvatar(profile, presence),
          h(
            'span.person',
            {},
            h('strong', { dir: 'auto' }, name, isMe && h('small', {}, ' (you)')),
            h('small', {}, line),
          ),
          !isMe && this.#menuButton(profile, name),
        ),
    };
  }

  #menuButton(profile, name) {
    const label = `What to do about ${name}`;
    const say = (text, isProblem) => this.report.say(text, isProblem);
    const write = this.#room.is_group; // the private room is this one
    const items = () => [...this.#actions.menuFor(profile, { write, say }), ...this.#memberItems(profile)];
    const id = `member-menu-${profile.user_id}`;
    const open = async () => {
      // Else it would offer too little; but nobody waits long for a menu.
      if (!isModerator(this.#model.me))
        await Promise.race([this.#model.loadCreator(this.#room), new Promise((go) => setTimeout(go, MENU_MS))]);
      if (this.#ended.signal.aborted || !this.#open) return;
      const button = document.getElementById(id); // which may have been drawn anew meanwhile
      if (button) openMenu(button, label, items());
    };
    return iconButton('more', label, open, {
      id,
      'aria-haspopup': 'menu',
      'data-control': 'menu',
    });
  }

  /** What a group's creator may do, and moderators in any group. */
  #memberItems(profile) {
    if (!mayModerate(this.#model.me, this.#room)) return [];
    const item = (text, name, run) => ({ text, icon: name, danger: true, run });
    return [
      item('Mute…', 'mute', () => this.#mute(profile)),
      item('Ban…', 'lock', () => this.#ban(profile)),
      item('Remove from the room', 'person-minus', () => this.#remove(profile)),
    ];
  }

  async #mute(profile) {
    try {
      const mute = await muteMember(this.#model.rest, this.#room.room_id, profile);
      if (mute) this.report.say(`${personName(profile)} is muted until ${untilText(mute.until)}.`);
    } catch (error) {
      this.#refused(error);
    }
  }

  async #ban(profile) {
    try {
      const ban = await banMember(this.#model.rest, this.#room.room_id, profile);
      if (ban) this.report.say(`${personName(profile)} is banned.`);
    } catch (error) {
      this.#refused(error);
    }
  }

  async #remove(profile) {
    const name = personName(profile);
    const sure = await ask({
      title: `Remove ${name}?`,
      text: `${name} will no longer see this room, until somebody invites them again.`,
      action: 'Remove',
      danger: true,
    });
    if (!sure) return;
    try {
      await this.#model.rest.removeMember(this.#room.room_id, profile.user_id);
      this.report.say(`${name} was removed.`);
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error) {
    this.report.say(errorText(error), true);
    this.#model.noteRefusal(error);
  }

  /** Those online first, then by name. */
  #sorted() {
    const { me, presence } = this.#model;
    const people = [...this.#room.members.keys()].map((userId) => ({
      profile: this.#model.user(userId),
      isMe: userId === me.user_id,
      presence:
        userId === me.user_id
          ? { is_online: this.#model.client.state === 'online', last_seen: null }
          : (presence.get(userId) ?? { is_online: false, last_seen: null }),
    }));
    const name = ({ profile }) => personName(profile).toLocaleLowerCase();
    return people.sort(
      (a, b) => b.presence.is_online - a.presence.is_online || name(a).localeCompare(name(b)),
    );
  }

  async #leave() {
    const sure = await ask({
      title: 'Leave this room?',
      text: 'You will no longer see it, until somebody invites you again.',
      action: 'Leave',
      danger: true,
    });
    if (!sure) return;
    try {
      await this.#model.leave(this.#room);
    } catch (error) {
      this.report.say(errorText(error), true);
    }
  }
}
