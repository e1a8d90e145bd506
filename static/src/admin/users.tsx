import { EllipsisVertical, SearchX, UserPlus, UsersRound } from 'lucide-react';
import { useContext, useState } from 'react';
import type { ReactNode } from 'react';
import { Avatar, Button, IconButton, Menu } from '../design';
import type { MenuItem } from '../design';
import { moment } from './format';
import { Columns, Empty, here, Loaded, PageHead, SearchField, State } from './parts';
import { listUsers } from './people_api';
import type { Account } from './people_api';
import { usePoll } from './poll';
import { AUDIT, matches, ROOMS } from './route';
import { useRouter } from './router';
import { SessionContext } from './session';
import { NewUserDialog, UserDialogs } from './user_dialogs';
import type { UserAsking } from './user_dialogs';

const EVERY_MS = 15_000;

/** Who can log in; for admins. */
export function UsersPage({ search }: { search: string }) {
	const { go } = useRouter();
	const poll = usePoll(listUsers, EVERY_MS);
	const [adding, setAdding] = useState(false);
	const [asking, setAsking] = useState<UserAsking | null>(null);
	return (
		<>
			<PageHead title="Users" lead="People and services that can log in. Guests of a meeting need no account.">
				<Button kind="filled" icon={<UserPlus size={20} aria-hidden="true" />} onClick={() => setAdding(true)}>
					Add a user
				</Button>
			</PageHead>
			<div className="filters">
				<SearchField label="Search users" value={search} onChange={(value) => go({ page: 'users', search: value }, true)} />
			</div>
			<Loaded poll={poll} title="The users can’t be shown" rows={3}>
				{(users) => <UserTable users={users} search={search} now={poll.at} ask={setAsking} />}
			</Loaded>
			<NewUserDialog open={adding} onClose={() => setAdding(false)} onDone={poll.refresh} />
			<UserDialogs asking={asking} onClose={() => setAsking(null)} onDone={poll.refresh} />
		</>
	);
}

type TableProps = { users: readonly Account[]; search: string; now: number; ask: (asking: UserAsking) => void };

function UserTable({ users, search, now, ask }: TableProps) {
	const found = users.filter((one) => matches(search, [one.name, one.role, ...one.allow_from, one.disabled ? 'disabled' : 'active']));
	if (found.length === 0) {
		return (
			<Empty icon={users.length === 0 ? <UsersRound size={24} /> : <SearchX size={24} />} title="No user matches">
				<p>None of the {users.length} users has “{search}” in the name, role or addresses.</p>
			</Empty>
		);
	}
	return (
		<div className="card">
			<table className="list users">
				<Columns of={['User', 'May log in from', 'Since', 'State']} />
				<tbody>
					{found.map((one) => (
						<UserRow key={one.id} account={one} now={now} ask={ask} />
					))}
				</tbody>
			</table>
		</div>
	);
}

function UserRow({ account, now, ask }: { account: Account; now: number; ask: (asking: UserAsking) => void }) {
	const { user } = useContext(SessionContext);
	return (
		<tr data-quiet={account.disabled || undefined}>
			<td className="cell-main">
				<span className="who-cell">
					<Avatar name={account.name} size="1.75rem" />
					<span>
						<span className="name">{account.name}</span>
						<span className="second">
							{account.role === 'admin' ? 'Admin' : 'Host'}
							{account.id === user.id ? ', you' : ''}
						</span>
					</span>
				</span>
			</td>
			<td className="cell-from">{account.allow_from.length === 0 ? 'Anywhere' : <AllowList entries={account.allow_from} />}</td>
			<td className="cell-when">{moment(account.created_at, now, here())}</td>
			<td className="cell-state">{account.disabled ? <State tone="warning">Disabled</State> : <State tone="good">Active</State>}</td>
			<td className="cell-do">
				<div className="actions">
					<UserMenu account={account} self={account.id === user.id} ask={ask} />
				</div>
			</td>
		</tr>
	);
}

function AllowList({ entries }: { entries: readonly string[] }): ReactNode {
	return (
		<ul className="details">
			{entries.map((entry) => (
				<li key={entry}>{entry}</li>
			))}
		</ul>
	);
}

function UserMenu({ account, self, ask }: { account: Account; self: boolean; ask: (asking: UserAsking) => void }) {
	const { go } = useRouter();
	const item = (label: string, what: UserAsking['what']): MenuItem => ({ kind: 'action', label, onPick: () => ask({ what, account }) });
	const items: MenuItem[] = [
		item('New password', 'password'),
		item('Where from', 'allow'),
		...(self ? [] : [item(account.role === 'admin' ? 'Make host' : 'Make admin', 'role')]),
		{ kind: 'line' },
		{ kind: 'action', label: 'Show rooms', onPick: () => go({ ...ROOMS, creator: String(account.id) }) },
		{ kind: 'action', label: 'Show audit log', onPick: () => go({ ...AUDIT, actor: account.name }) },
	];
	if (!self) {
		items.push({ kind: 'line' }, item(account.disabled ? 'Enable' : 'Disable', 'disable'), { kind: 'action', label: 'Delete', tone: 'danger', onPick: () => ask({ what: 'delete', account }) });
	}
	return <Menu label={`Actions for ${account.name}`} items={items} opener={(props) => <IconButton {...props} label={`More for ${account.name}`} icon={<EllipsisVertical size={20} />} tip="none" />} />;
}
