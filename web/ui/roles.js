/** @file What the roles allow. The server decides; the page only does not offer what it would refuse. */

export function isAdmin(user) {
  return user.role === 'admin';
}

/** Admins may do what moderators may. */
export function isModerator(user) {
  return user.role === 'moderator' || isAdmin(user);
}

/** Bans, mutes and slow mode; they do not hold for whoever may set them. */
export function mayModerate(user, room) {
  return room.is_group && (isModerator(user) || room.created_by === user.user_id);
}
