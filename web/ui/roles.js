/** @file What the roles allow. The server decides; the page only does not offer what it would refuse. */

export function isAdmin(user) {
  return user.role === 'admin';
}

/** Admins may do what moderators may. */
export function isModerator(user) {
  return user.role === 'moderator' || isAdmin(user);
}
