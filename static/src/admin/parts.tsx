import { Check, ChevronDown, Copy, RotateCw, Search, TriangleAlert } from 'lucide-react';
import { useContext, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Button, Dialog, IconButton } from '../design';
import type { Failure } from './api';
import { copyText } from './clipboard';
import { clock, localeOf } from './format';
import type { Place } from './format';
import type { Poll } from './poll';
import { SessionContext } from './session';
import { failureWords } from './words';
import type { StateTone } from './words';

/** The viewer's language and zone. */
export function here(): Place {
	return { locale: localeOf(navigator.languages) };
}

const COPIED_MS = 2000;

/** Whether something was copied a moment ago, and the function that copies. */
function useCopy(text: string): Readonly<{ copied: boolean; copy: () => void }> {
	const { notify } = useContext(SessionContext);
	const [copied, setCopied] = useState(0);
	useEffect(() => {
		if (copied === 0) return;
		const timer = setTimeout(() => setCopied(0), COPIED_MS);
		return () => clearTimeout(timer);
	}, [copied]);
	const copy = () => {
		copyText(text).then(
			() => setCopied((old) => old + 1),
			() => notify({ tone: 'danger', text: 'Your browser did not allow copying. Select the text and copy it by hand.' }),
		);
	};
	return { copied: copied > 0, copy };
}

/** Copies text and says so on the button itself. */
export function CopyButton({ text, label, words }: { text: string; label: string; words?: string }) {
	const { copied, copy } = useCopy(text);
	const icon = copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />;
	if (words === undefined) return <IconButton label={copied ? 'Copied' : label} icon={icon} tip={{ align: 'end' }} onClick={copy} />;
	return (
		<Button icon={icon} aria-label={copied ? undefined : label} onClick={copy}>
			{copied ? 'Copied' : words}
		</Button>
	);
}

/** A value that is there to be copied, cut short when it is long. */
export function Copyable({ label, value, shown = value }: { label: string; value: string; shown?: string }) {
	return (
		<span className="copyable">
			<code className="truncate" title={value}>
				{shown}
			</code>
			<CopyButton text={value} label={label} />
		</span>
	);
}

/** A labelled, read-only line to copy, as in the result of a reservation. */
export function CopyLine({ label, value, hint }: { label: string; value: string; hint?: string }) {
	return (
		<div className="copy-line">
			<p className="copy-label">{label}</p>
			<div className="copy-box">
				<code tabIndex={0} aria-label={label}>
					{value}
				</code>
				<CopyButton text={value} label={`Copy: ${label}`} />
			</div>
			{hint === undefined ? null : <p className="hint">{hint}</p>}
		</div>
	);
}

/** A state in words, with a dot in its colour. */
export function State({ tone, children }: { tone: StateTone; children: ReactNode }) {
	return (
		<span className="state" data-tone={tone}>
			{children}
		</span>
	);
}

/** Why there is nothing here, and what to do about it. */
export function Empty({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
	return (
		<div className="empty">
			<span className="empty-icon" aria-hidden="true">
				{icon}
			</span>
			<h2>{title}</h2>
			{children}
		</div>
	);
}

/** A failure in words with a button that tries again. */
export function Failed({ failure, onRetry, title }: { failure: Failure; onRetry: () => void; title: string }) {
	return (
		<div className="empty" role="alert">
			<span className="empty-icon" data-tone="danger" aria-hidden="true">
				<TriangleAlert size={24} />
			</span>
			<h2>{title}</h2>
			<p>{failureWords(failure)}</p>
			<Button icon={<RotateCw size={16} aria-hidden="true" />} onClick={onRetry}>
				Try again
			</Button>
		</div>
	);
}

/** A line under the heading while newer data can't be had. */
export function Stale({ poll }: { poll: Poll<unknown> }) {
	if (poll.failure === null || poll.data === null || poll.failure.kind === 'expired') return null;
	return (
		<div className="banner" role="status">
			<TriangleAlert size={20} aria-hidden="true" />
			<p>
				{failureWords(poll.failure)} What you see is from {clock(poll.at, here())}.
			</p>
			<Button onClick={poll.refresh}>Try again</Button>
		</div>
	);
}

/** What a list shows: its rows, or grey ones while it loads, or why it can't. */
export function Loaded<T>({ poll, title, rows, children }: { poll: Poll<T>; title: string; rows: number; children: (data: T) => ReactNode }) {
	if (poll.data !== null) {
		return (
			<>
				<Stale poll={poll} />
				{children(poll.data)}
			</>
		);
	}
	if (poll.failure !== null && poll.failure.kind !== 'expired') return <Failed title={title} failure={poll.failure} onRetry={poll.refresh} />;
	return <Skeleton rows={rows} />;
}

/** Grey rows in the place of those that load. */
export function Skeleton({ rows }: { rows: number }) {
	return (
		<div className="card skeleton" role="status" aria-label="Loading">
			{Array.from({ length: rows }, (_, index) => (
				<div key={index} className="skeleton-row">
					<span />
					<span />
					<span />
				</div>
			))}
		</div>
	);
}

/** The field that narrows a list. What is typed stays in the URL. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
	return (
		<div className="search">
			<Search size={16} aria-hidden="true" />
			<input type="search" className="control" aria-label={label} placeholder={label} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
		</div>
	);
}

/** A line of a list of facts. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</div>
	);
}

/** The button below a list that has more. */
export function More({ onMore, what }: { onMore: () => void; what: string }) {
	return (
		<p className="more">
			<Button onClick={onMore}>Show more {what}</Button>
		</p>
	);
}

/** A native select among the filters of a list. */
export function FilterSelect(props: { label: string; value: string; options: readonly Readonly<{ value: string; label: string }>[]; onPick: (value: string) => void }) {
	const { label, value, options, onPick } = props;
	return (
		<span className="filter field">
			<span className="select">
				<select className="control" aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
					{options.map((option) => (
						<option key={option.value} value={option.value}>
							{option.label}
						</option>
					))}
				</select>
				<ChevronDown size={16} aria-hidden="true" />
			</span>
		</span>
	);
}

/** A day among the filters of a list. */
export function FilterDate({ label, value, onPick }: { label: string; value: string; onPick: (value: string) => void }) {
	return (
		<label className="filter-date field">
			<span>{label}</span>
			<input type="date" className="control" value={value} onChange={(event) => onPick(event.currentTarget.value)} />
		</label>
	);
}

/** The heading of a page. It takes the focus when the page opens, so that it is read out. */
export function PageHead({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
	const ref = useRef<HTMLHeadingElement>(null);
	useEffect(() => {
		document.title = `${title} · Plenum`;
	}, [title]);
	useEffect(() => {
		ref.current?.focus({ preventScroll: true });
	}, []);
	return (
		<header className="page-head">
			<div className="page-title">
				<h1 ref={ref} tabIndex={-1}>
					{title}
				</h1>
				{lead === undefined ? null : <p className="quiet">{lead}</p>}
			</div>
			{children}
		</header>
	);
}

/** The head of a list whose last column has buttons. */
export function Columns({ of }: { of: readonly string[] }) {
	return (
		<thead>
			<tr>
				{of.map((name) => (
					<th key={name} scope="col">
						{name}
					</th>
				))}
				<th scope="col">
					<span className="unseen">Actions</span>
				</th>
			</tr>
		</thead>
	);
}

/** Asks before something that can't be taken back; stays open while it is done and says why it could not be. */
export function Danger(props: {
	open: boolean;
	title: string;
	text: string;
	action: string;
	/** The words on the button that takes back; "Cancel" when absent. */
	dismiss?: string;
	/** Whether it can be taken back, so that the button warns of nothing. */
	harmless?: boolean;
	busy: boolean;
	error: string | null;
	onConfirm: () => void;
	onClose: () => void;
}) {
	const { open, title, text, action, dismiss = 'Cancel', harmless = false, busy, error, onConfirm, onClose } = props;
	return (
		<Dialog
			open={open}
			title={title}
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>{dismiss}</Button>
					<Button kind={harmless ? 'filled' : 'danger'} disabled={busy} aria-busy={busy} onClick={onConfirm}>
						{action}
					</Button>
				</>
			}
		>
			<p>{text}</p>
			{error === null ? null : (
				<p className="form-error" role="alert">
					{error}
				</p>
			)}
		</Dialog>
	);
}
