import { Download, UserCheck } from 'lucide-react';
import { Fragment, useCallback, useState } from 'react';
import { Avatar, Button } from '../design';
import { leftWords, minutesWords, totals } from './attendance_words';
import { clock, lengthWords, moment } from './format';
import { attendanceCsvUrl, getAttendance } from './live_api';
import type { Attendance, Attended, Visit } from './live_api';
import type { Room } from './model';
import { Empty, here, Loaded, State } from './parts';
import { usePoll } from './poll';
import { capital, countWords, peopleWords } from './words';

/** Who was in a room, and how long. */
export function AttendanceTab({ room, live }: { room: Room; live: boolean }) {
	const load = useCallback((signal: AbortSignal) => getAttendance(room.id, signal), [room.id]);
	const poll = usePoll(load, live ? 5000 : null);
	return (
		<Loaded poll={poll} title="The attendance can’t be shown" rows={4}>
			{(report) =>
				report.visits.length === 0 ? (
					<Empty icon={<UserCheck size={24} />} title="Nobody has been here">
						<p>Everybody who joins is listed with when they came and went, and how long they stayed.</p>
					</Empty>
				) : (
					<Report room={room} report={report} now={poll.at} />
				)
			}
		</Loaded>
	);
}

function Report({ room, report, now }: { room: Room; report: Attendance; now: number }) {
	const [view, setView] = useState<'people' | 'visits'>('people');
	const sum = totals(report);
	return (
		<>
			<div className="filters">
				<div className="segments" role="group" aria-label="What to list">
					{(['people', 'visits'] as const).map((one) => (
						<button key={one} type="button" aria-pressed={view === one} onClick={() => setView(one)}>
							{capital(one)}
						</button>
					))}
				</div>
				<p className="sum-line">
					{capital(peopleWords(sum.people))}, {countWords(sum.visits, 'visit')}, {minutesWords(sum.minutes)} in all{sum.there === 0 ? '' : `, ${sum.there} there now`}
				</p>
				<a className="button push-end" data-kind="outlined" href={attendanceCsvUrl(room.id)} download>
					<Download size={16} aria-hidden="true" />
					Download CSV
				</a>
			</div>
			<div className="card">{view === 'people' ? <People report={report} now={now} /> : <Visits visits={report.visits} now={now} />}</div>
		</>
	);
}

function People({ report, now }: { report: Attendance; now: number }) {
	return (
		<table className="list attendance">
			<thead>
				<tr>
					<th scope="col">Who</th>
					<th scope="col">First joined</th>
					<th scope="col">Last left</th>
					<th scope="col">Stayed</th>
					<th scope="col">Visits</th>
				</tr>
			</thead>
			<tbody>
				{report.people.map((person) => (
					<PersonRow key={`${person.user}/${person.name}/${person.first_joined}`} person={person} visits={report.visits.filter(({ id }) => person.visits.includes(id))} now={now} />
				))}
			</tbody>
		</table>
	);
}

function Who({ name, user, role }: { name: string; user: string; role: string }) {
	return (
		<span className="who-cell">
			<Avatar name={name} seed={name} size="1.75rem" />
			<span>
				<span className="name">{name === '' ? 'No name' : name}</span>
				{user === '' && role !== 'host' ? null : <span className="second">{[user === '' || user === name ? '' : `logged in as ${user}`, role === 'host' ? 'host' : ''].filter((word) => word !== '').join(', ')}</span>}
			</span>
		</span>
	);
}

function PersonRow({ person, visits, now }: { person: Attended; visits: readonly Visit[]; now: number }) {
	const [open, setOpen] = useState(false);
	return (
		<Fragment>
			<tr>
				<td className="cell-main">
					<Who {...person} />
				</td>
				<td className="cell-when">{moment(person.first_joined, now, here())}</td>
				<td className="cell-when">{person.last_left === 0 ? <State tone="good">Still there</State> : moment(person.last_left, now, here())}</td>
				<td className="cell-length ticking">{minutesWords(person.minutes)}</td>
				<td className="cell-do">
					{visits.length < 2 ? (
						<span className="quiet">1 visit</span>
					) : (
						<Button aria-expanded={open} onClick={() => setOpen(!open)}>
							{visits.length} visits
						</Button>
					)}
				</td>
			</tr>
			{open ? (
				<tr className="detail">
					<td colSpan={5}>
						<ul className="visit-list">
							{visits.map((visit) => (
								<li key={visit.id}>
									{moment(visit.joined, now, here())} to {visit.left === 0 ? 'now' : clock(visit.left, here())}, {minutesWords(visit.minutes)}. {leftWords(visit)}.{breaksWords(visit)}
								</li>
							))}
						</ul>
					</td>
				</tr>
			) : null}
		</Fragment>
	);
}

function breaksWords({ interruptions, away_seconds }: Visit): string {
	if (interruptions === 0) return '';
	return ` Interrupted ${interruptions === 1 ? 'once' : `${interruptions} times`}, for ${lengthWords(away_seconds * 1000)} in all.`;
}

function Visits({ visits, now }: { visits: readonly Visit[]; now: number }) {
	return (
		<table className="list attendance visits">
			<thead>
				<tr>
					<th scope="col">Who</th>
					<th scope="col">Joined</th>
					<th scope="col">Media since</th>
					<th scope="col">Stayed</th>
					<th scope="col">Left</th>
				</tr>
			</thead>
			<tbody>
				{visits.map((visit) => (
					<tr key={visit.id}>
						<td className="cell-main">
							<Who {...visit} />
						</td>
						<td className="cell-when">{moment(visit.joined, now, here())}</td>
						<td className="cell-when">{visit.media_up === 0 ? <span className="quiet">Never</span> : clock(visit.media_up, here())}</td>
						<td className="cell-length ticking">
							{minutesWords(visit.minutes)}
							{visit.interruptions === 0 ? null : <span className="second">{breaksWords(visit)}</span>}
						</td>
						<td className="cell-state">{visit.left === 0 ? <State tone="good">Still there</State> : <span>{`${clock(visit.left, here())}, ${leftWords(visit).toLowerCase()}`}</span>}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
