import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import type { CSSProperties, ReactNode } from 'react';
import { listRooms } from './api';
import { columns, firstWeekday, hoursOf, inDay, monthOf, shareOf, shownDate, turn, weekOf } from './calendar';
import type { Day } from './calendar';
import { clock, span, spanThere } from './format';
import type { Room } from './model';
import { here, Loaded } from './parts';
import { phaseOf } from './phase';
import { usePoll } from './poll';
import { matches } from './route';
import type { Route } from './route';
import { Link } from './router';
import { titleOf } from './words';
import { ownZone, wallOf } from './zone';

const EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
/** How many rooms a day of the month shows before it counts. */
const SHOWN = 3;

type ViewProps = { route: Route & { page: 'rooms' }; view: 'week' | 'month' };

/** The rooms of a week or a month, in the viewer's zone. */
export function CalendarView({ route, view }: ViewProps) {
	const zone = ownZone();
	const { locale } = here();
	const date = shownDate(route.date, Date.now(), zone);
	const days = useMemo(() => (view === 'week' ? weekOf : monthOf)(date, firstWeekday(locale), zone), [view, date, locale, zone]);
	const [from, to] = [days[0]?.from ?? 0, days.at(-1)?.to ?? 0];
	const { creator, search } = route;
	const load = useCallback((signal: AbortSignal) => loadRange(from, to, creator, signal), [from, to, creator]);
	const poll = usePoll(load, EVERY_MS);
	return (
		<>
			<Turner route={route} view={view} date={date} days={days} />
			<Loaded poll={poll} title="The calendar can’t be shown" rows={6}>
				{(all) => {
					const rooms = all.filter((room) => matches(search, [room.title, room.creator.name, room.id]));
					const props = { rooms, days, now: poll.at, route, month: Number(date.slice(5, 7)) };
					return view === 'week' ? <Week {...props} /> : <Month {...props} />;
				}}
			</Loaded>
		</>
	);
}

/** All rooms that touch a time, the cancelled ones left out. A room lasts a day at most, so earlier starts need no look. */
async function loadRange(from: number, to: number, creator: string, signal: AbortSignal): Promise<readonly Room[]> {
	const query = { from: from - DAY_MS, before: to, limit: 500, ...(/^\d{1,15}$/.test(creator) ? { creator: Number(creator) } : {}) };
	const rooms: Room[] = [];
	let after = '';
	do {
		const page = await listRooms({ ...query, after }, signal);
		rooms.push(...page.rooms.filter((room) => !room.cancelled));
		after = page.next;
	} while (after !== '');
	return rooms;
}

function Turner({ route, view, date, days }: ViewProps & { date: string; days: readonly Day[] }) {
	const place = { ...here(), zone: 'UTC' };
	const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(place.locale, { ...options, timeZone: 'UTC' });
	const utc = (day: string) => Date.parse(`${day}T00:00:00Z`);
	const title =
		view === 'month'
			? format({ month: 'long', year: 'numeric' }).format(utc(date))
			: format({ day: 'numeric', month: 'long', year: 'numeric' }).formatRange(utc(days[0]?.date ?? date), utc(days.at(-1)?.date ?? date));
	const step = (by: number) => ({ ...route, date: turn(date, view, by) });
	return (
		<div className="turner">
			<Step to={step(-1)} label={view === 'week' ? 'Week before' : 'Month before'} icon={<ChevronLeft size={20} />} />
			<Step to={step(1)} label={view === 'week' ? 'Week after' : 'Month after'} icon={<ChevronRight size={20} />} />
			<h2 aria-live="polite">{title}</h2>
			<Link className="button" data-kind="outlined" to={{ ...route, date: '' }}>
				Today
			</Link>
			<p className="quiet">Times in {ownZone().replaceAll('_', ' ')}</p>
		</div>
	);
}

function Step({ to, label, icon }: { to: Route; label: string; icon: ReactNode }) {
	return (
		<Link className="icon-button" data-tone="plain" to={to} aria-label={label} title={label}>
			{icon}
		</Link>
	);
}

type GridProps = { rooms: readonly Room[]; days: readonly Day[]; now: number; route: Route & { page: 'rooms' }; month: number };

function dayName(day: Day, options: Intl.DateTimeFormatOptions): string {
	return new Intl.DateTimeFormat(here().locale, { ...options, timeZone: 'UTC' }).format(Date.parse(`${day.date}T00:00:00Z`));
}

function isToday(day: Day, now: number): boolean {
	return now >= day.from && now < day.to;
}

function Month({ rooms, days, now, route, month }: GridProps) {
	return (
		<div className="card month">
			<div className="weekdays" aria-hidden="true">
				{days.slice(0, 7).map((day) => (
					<span key={day.date}>{dayName(day, { weekday: 'short' })}</span>
				))}
			</div>
			<ol className="month-days" aria-label="Days">
				{days.map((day) => {
					const own = inDay(rooms, day);
					const other = Number(day.date.slice(5, 7)) !== month;
					return (
						<li key={day.date} className="month-day" data-other={other || undefined} data-today={isToday(day, now) || undefined} data-empty={own.length === 0 || undefined}>
							<h3>
								<span className="unseen">{dayName(day, { weekday: 'long', day: 'numeric', month: 'long' })}</span>
								<span className="day-number" aria-hidden="true">
									{Number(day.date.slice(8))}
								</span>
								<span className="day-words" aria-hidden="true">
									{dayName(day, { weekday: 'short', day: 'numeric', month: 'short' })}
								</span>
							</h3>
							<ul>
								{own.slice(0, own.length > SHOWN + 1 ? SHOWN : own.length).map((room) => (
									<li key={room.id}>
										<Entry room={room} now={now} day={day} />
									</li>
								))}
							</ul>
							{own.length > SHOWN + 1 ? (
								<Link className="day-more" to={{ ...route, view: 'week', date: day.date }}>
									{own.length - SHOWN} more
								</Link>
							) : null}
						</li>
					);
				})}
			</ol>
			{rooms.length === 0 ? <p className="quiet calendar-none">Nothing is reserved in these weeks.</p> : null}
		</div>
	);
}

function Entry({ room, now, day }: { room: Room; now: number; day: Day }) {
	const place = here();
	const phase = phaseOf(room, now);
	const begins = room.start >= day.from;
	return (
		<Link
			className="entry"
			data-phase={phase}
			to={{ page: 'room', id: room.id, tab: 'now' }}
			title={`${titleOf(room)}, ${room.creator.name}. ${spanThere(room.start, room.end, room.timezone, place.locale)}`}
		>
			<span className="entry-time ticking">{begins ? clock(room.start, place) : 'until ' + clock(room.end, place)}</span>
			<span className="entry-title">{titleOf(room)}</span>
			<span className="unseen">{span(room.start, room.end, now, place)}</span>
		</Link>
	);
}

function Week({ rooms, days, now }: GridProps) {
	const hours = hoursOf(rooms, days);
	const count = hours.to - hours.from;
	const style = vars({ '--hours': count });
	return (
		<div className="card week" style={style}>
			<div className="week-hours" aria-hidden="true">
				{Array.from({ length: count }, (_, index) => (
					<span key={index} className="ticking">
						{hourWords(hours.from + index)}
					</span>
				))}
			</div>
			{days.map((day) => (
				<WeekDay key={day.date} day={day} rooms={inDay(rooms, day)} now={now} hours={hours} />
			))}
			{rooms.length === 0 ? <p className="quiet calendar-none">Nothing is reserved in this week.</p> : null}
		</div>
	);
}

function hourWords(hour: number): string {
	return new Intl.DateTimeFormat(here().locale, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' }).format(hour * 3_600_000);
}

function WeekDay({ day, rooms, now, hours }: { day: Day; rooms: readonly Room[]; now: number; hours: Readonly<{ from: number; to: number }> }) {
	const today = isToday(day, now);
	const place = (share: number) => (share * 24 - hours.from) / (hours.to - hours.from);
	const line = wallOf(now, ownZone());
	return (
		<section className="week-day" data-today={today || undefined} data-empty={rooms.length === 0 || undefined}>
			<h3>
				<span className="quiet">{dayName(day, { weekday: 'short' })}</span> <span className="day-number">{Number(day.date.slice(8))}</span>
			</h3>
			<ul className="week-slots">
				{columns(rooms).map(({ item, column, columns: all }) => {
					const { from, to } = shareOf(item, day);
					return (
						<li key={item.id} className="slot" style={vars({ '--from': place(from), '--to': place(to), '--column': column, '--columns': all })}>
							<Entry room={item} now={now} day={day} />
						</li>
					);
				})}
				{today ? <li className="now-line" aria-hidden="true" style={vars({ '--from': place((line.hour + line.minute / 60) / 24) })} /> : null}
			</ul>
		</section>
	);
}

function vars(values: Readonly<Record<string, number>>): CSSProperties {
	return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
