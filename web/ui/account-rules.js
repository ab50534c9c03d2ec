/** @file What admins and moderators can do to an account, in words. The server has the last word. */

import { personName } from './format.js';
import { isAdmin, isModerator } from './roles.js';

export const ROLE_NAMES = Object.freeze({ user: 'User', moderator: 'Moderator', admin: 'Admin' });
export const FLAG_NAMES = Object.freeze({ active: 'Active', not_active: 'Suspended', delete: 'Locked' });

/**
 * @typedef {object} AccountAction
 * @property {string} text for the menu
 * @property {string} icon
 * @property {boolean} danger
 * @property {{flagDelete?: string, role?: string}} changes
 * @property {string} question
 * @property {string} meaning what follows from it
 * @property {string} done
 */

/**
 * @param {{user_id: string, role: string}} me
 * @param {import('../parley/rest.js').Account} account
 * @returns {AccountAction[]}
 */
export function actionsFor(me, account) {
  if (!isModerator(me)) return [];
  const all = [...flagActions(account), ...roleActions(account)];
  if (isAdmin(me)) return all.map((action) => warned(me, account, action));
  // Moderators suspend users for a time and take that back; nothing else.
  if (account.role !== 'user' || account.flagDelete === 'delete') return [];
  return all.filter(({ changes }) => ['not_active', 'active'].includes(changes.flagDelete));
}

/** @param {string} name of the person @returns {AccountAction} */
export function suspension(name) {
  return {
    text: 'Suspend',
    icon: 'pause',
    danger: true,
    changes: { flagDelete: 'not_active' },
    question: `Suspend ${name}?`,
    meaning: `${name} is logged out everywhere at once, and cannot log in until the account is restored.`,
    done: `${name} is suspended.`,
  };
}

function flagActions(account) {
  const name = personName(account);
  const suspend = suspension(name);
  const lock = {
    text: 'Lock',
    icon: 'lock',
    danger: true,
    changes: { flagDelete: 'delete' },
    question: `Lock the account of ${name}?`,
    meaning: `${name} is logged out everywhere at once. Only an admin can restore the account.`,
    done: `The account of ${name} is locked.`,
  };
  const restore = {
    text: 'Restore',
    icon: 'check',
    danger: false,
    changes: { flagDelete: 'active' },
    question: `Restore the account of ${name}?`,
    meaning: `${name} can log in again.`,
    done: `The account of ${name} is restored.`,
  };
  return (
    { active: [suspend, lock], not_active: [restore, lock], delete: [restore] }[account.flagDelete] ?? []
  );
}

const ROLE_MEANINGS = {
  user: (name) => `${name} may then do what every user may, and no more.`,
  moderator: (name) => `${name} may then suspend users, remove members and delete what others wrote.`,
  admin: (name) => `${name} may then do everything: change roles, lock accounts, read the audit trail.`,
};

function roleActions(account) {
  const name = personName(account);
  return Object.keys(ROLE_NAMES)
    .filter((role) => role !== account.role)
    .map((role) => {
      const article = { user: 'a user', moderator: 'a moderator', admin: 'an admin' }[role];
      return {
        text: `Make ${article}`,
        icon: role === 'user' ? 'person-minus' : 'shield',
        danger: false,
        changes: { role },
        question: `Make ${name} ${article}?`,
        meaning: ROLE_MEANINGS[role](name),
        done: `${name} is ${article} now.`,
      };
    });
}

/** What one does to oneself may not be undone by oneself. */
function warned(me, account, action) {
  if (account.user_id !== me.user_id) return action;
  return { ...action, danger: true, meaning: `This is your own account. ${action.meaning}` };
}

/** Why the server did not do it. */
export function refusalText(error, fallback) {
  if (error.code === 'conflict') return 'This is the last active admin. Make somebody else an admin first.';
  if (error.code === 'forbidden') return 'You may not do this.';
  if (error.code === 'not_found') return 'There is no such account.';
  return fallback(error);
}
