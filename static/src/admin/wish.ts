import type { RoomWish } from './api';
import type { AudienceRight, GuestRole, RecordingPolicy, Room } from './model';
import { dateText, instantOf, parseWall, timeText, wallOf } from './zone';

/** The longest a room may be reserved for, in minutes. */
export const LONGEST_MIN = 24 * 60;

/** The most people a room can be limited to. */
export const MOST_PEOPLE = 500;

/** What stands in the form that reserves or changes a room, as it was typed. */
export type RoomForm = Readonly<{
	description: string;
	when: 'now' | 'later';
	date: string;
	time: string;
	/** Minutes, or null while minutes are typed; "until" is the time it ends. */
	preset: number | null | 'until';
	custom: string;
	untilDate: string;
	untilTime: string;
	timezone: string;
	capacity: string;
	/** Whether the passcode there is stays, another is set, or there is none. */
	passcodeIs: 'kept' | 'set' | 'none';
	passcode: string;
	lobby: boolean;
	policy: RecordingPolicy;
	guestRole: GuestRole;
	audienceMay: readonly AudienceRight[];
}>;

/** What is wrong with a form, by field. */
export type FormErrors = Readonly<Partial<Record<'custom' | 'start' | 'until' | 'capacity' | 'passcode', string>>>;

/** The form of a room that is not there yet: an hour from now, for everybody with the link. */
export function blankForm(now: number, zone: string): RoomForm {
	const start = wallOf(Math.ceil((now + 60_000) / 1_800_000) * 1_800_000, zone);
	const end = wallOf(Math.ceil((now + 60_000) / 1_800_000) * 1_800_000 + 3_600_000, zone);
	return {
		description: '',
		when: 'now',
		date: dateText(start),
		time: timeText(start),
		preset: 60,
		custom: '45',
		untilDate: dateText(end),
		untilTime: timeText(end),
		timezone: zone,
		capacity: '',
		passcodeIs: 'none',
		passcode: '',
		lobby: false,
		policy: 'manual',
		guestRole: 'speaker',
		audienceMay: ['chat', 'hand', 'reaction'],
	};
}

/** The form that a room fills. */
export function formOf(room: Room): RoomForm {
	const [start, end] = [wallOf(room.start, room.timezone), wallOf(room.end, room.timezone)];
	return {
		description: room.description,
		when: 'later',
		date: dateText(start),
		time: timeText(start),
		preset: 'until',
		custom: String(room.duration),
		untilDate: dateText(end),
		untilTime: timeText(end),
		timezone: room.timezone,
		capacity: room.capacity === 0 ? '' : String(room.capacity),
		passcodeIs: room.has_passcode ? 'kept' : 'none',
		passcode: '',
		lobby: room.lobby,
		policy: room.recording_policy,
		guestRole: room.guest_role,
		audienceMay: room.audience_may,
	};
}

/** Minutes as typed; null when they are not a whole number from 1 to a day. */
export function parseMinutes(typed: string): number | null {
	return parseWhole(typed, 1, LONGEST_MIN);
}

function parseWhole(typed: string, least: number, most: number): number | null {
	const text = typed.trim();
	if (!/^\d{1,5}$/.test(text)) return null;
	const value = Number(text);
	return value >= least && value <= most ? value : null;
}

/** When the room of a form starts and ends, in milliseconds since 1970; null where that is not said yet. */
export function timesOf(form: RoomForm, now: number): Readonly<{ start: number | null; end: number | null; skipped: boolean }> {
	const begins = form.when === 'now' ? { ms: now, exists: true } : instant(form.date, form.time, form.timezone);
	const start = begins?.ms ?? null;
	if (form.preset === 'until') {
		const ends = instant(form.untilDate, form.untilTime, form.timezone);
		return { start, end: ends?.ms ?? null, skipped: begins?.exists === false || ends?.exists === false };
	}
	const minutes = form.preset ?? parseMinutes(form.custom);
	return { start, end: start === null || minutes === null ? null : start + minutes * 60_000, skipped: begins?.exists === false };
}

function instant(date: string, time: string, zone: string): ReturnType<typeof instantOf> | null {
	const wall = parseWall(date, time);
	return wall === null ? null : instantOf(wall, zone);
}

/** What is wrong with a form; nothing when it can be sent. fixed leaves the times out, which can't be changed any more. */
export function errorsOf(form: RoomForm, now: number, fixed = false): FormErrors {
	const errors: { -readonly [K in keyof FormErrors]: FormErrors[K] } = {};
	if (!fixed) Object.assign(errors, timeErrors(form, now));
	if (form.capacity.trim() !== '' && parseWhole(form.capacity, 1, MOST_PEOPLE) === null) errors.capacity = `Enter a number from 1 to ${MOST_PEOPLE}, or nothing.`;
	if (form.passcodeIs === 'set' && !/^.{4,64}$/u.test(form.passcode)) errors.passcode = 'Enter 4 to 64 characters.';
	return errors;
}

function timeErrors(form: RoomForm, now: number): FormErrors {
	const { start, end } = timesOf(form, now);
	if (form.preset === null && parseMinutes(form.custom) === null) return { custom: `Enter whole minutes, from 1 to ${LONGEST_MIN} (a day).` };
	if (start === null) return { start: 'Enter the day and the time it starts.' };
	if (form.when === 'later' && start < now - 60_000) return { start: 'That is in the past.' };
	if (end === null) return { until: 'Enter the day and the time it ends.' };
	if (end <= start) return { until: 'It must end after it starts.' };
	if (end - start > LONGEST_MIN * 60_000) return { until: 'A room can be open for a day at most.' };
	return {};
}

/** What to ask the server for; only for a form without errors. */
export function wishOf(form: RoomForm, now: number): RoomWish {
	const { start, end } = timesOf(form, now);
	const { preset } = form;
	const minutes = preset === 'until' ? null : (preset ?? parseMinutes(form.custom));
	return {
		...(form.when === 'now' || start === null ? {} : { start: new Date(start).toISOString() }),
		...(minutes === null ? (end === null ? {} : { end: new Date(end).toISOString() }) : { duration: minutes }),
		timezone: form.timezone,
		...settingsOf(form),
	};
}

function settingsOf(form: RoomForm): Omit<RoomWish, 'start' | 'end' | 'duration' | 'timezone'> {
	return {
		description: form.description.trim(),
		capacity: parseWhole(form.capacity, 1, MOST_PEOPLE) ?? 0,
		...(form.passcodeIs === 'kept' ? {} : { passcode: form.passcodeIs === 'set' ? form.passcode : '' }),
		lobby: form.lobby,
		recording_policy: form.policy,
		guest_role: form.guestRole,
		audience_may: form.audienceMay,
	};
}

/** What of a room a form changes; nothing that stays as it is. fixed leaves the times out. */
export function changeOf(form: RoomForm, room: Room, now: number, fixed: boolean): Omit<RoomWish, 'timezone'> {
	const wish = settingsOf(form);
	const { start, end } = timesOf(form, now);
	const times = fixed || start === null || end === null || (start === room.start && end === room.end) ? {} : { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
	const old: Readonly<Record<string, unknown>> = { ...room, passcode: room.has_passcode ? null : '' };
	const changed = Object.entries(wish).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]));
	return { ...times, ...Object.fromEntries(changed) };
}
