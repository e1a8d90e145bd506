import { CircleAlert, CircleCheck, Info, TriangleAlert, X } from 'lucide-react';
import { use, useCallback, useEffect, useState } from 'react';
import { Button, IconButton } from './button';
import { DesignWords } from './words';

export type NoticeTone = 'info' | 'good' | 'warning' | 'danger';

/** A short sentence for the viewer. One with an action or keep stays until it is answered. */
export type Notice = Readonly<{
	id: number;
	tone: NoticeTone;
	text: string;
	action?: Readonly<{ label: string; run: () => void }>;
	keep?: boolean;
}>;

/** How long a notice stays that needs no answer, in milliseconds. */
export const NOTICE_MS = 5000;

/** The notices on screen, and the functions that add and take away one. At most three stand at once. */
export function useNotices(): {
	notices: readonly Notice[];
	notify: (notice: Omit<Notice, 'id'>) => void;
	dismiss: (id: number) => void;
} {
	const [{ notices }, setState] = useState<{ notices: readonly Notice[]; next: number }>({ notices: [], next: 1 });
	const notify = useCallback((notice: Omit<Notice, 'id'>) => {
		setState(({ notices: old, next }) => ({
			notices: [...old.filter((other) => other.text !== notice.text), { ...notice, id: next }].slice(-3),
			next: next + 1,
		}));
	}, []);
	const dismiss = useCallback((id: number) => {
		setState(({ notices: old, next }) => ({ notices: old.filter((notice) => notice.id !== id), next }));
	}, []);
	return { notices, notify, dismiss };
}

/** All notices, top centre, announced politely. */
export function Notices({ notices, onDismiss }: { notices: readonly Notice[]; onDismiss: (id: number) => void }) {
	return (
		<div className="notices" role="status" aria-live="polite">
			{notices.map((notice) => (
				<NoticeRow key={notice.id} notice={notice} onDismiss={onDismiss} />
			))}
		</div>
	);
}

function NoticeRow({ notice, onDismiss }: { notice: Notice; onDismiss: (id: number) => void }) {
	const { dismiss } = use(DesignWords);
	const { id, action, keep } = notice;
	const stays = keep === true || action !== undefined;
	useEffect(() => {
		if (stays) return;
		const timer = setTimeout(() => onDismiss(id), NOTICE_MS);
		return () => clearTimeout(timer);
	}, [id, stays, onDismiss]);
	return (
		<div className="notice" data-tone={notice.tone}>
			<NoticeIcon tone={notice.tone} />
			<p>{notice.text}</p>
			{action === undefined ? null : (
				<Button
					kind="plain"
					onClick={() => {
						action.run();
						onDismiss(id);
					}}
				>
					{action.label}
				</Button>
			)}
			<IconButton label={dismiss} icon={<X size={16} />} tip="none" onClick={() => onDismiss(id)} />
		</div>
	);
}

function NoticeIcon({ tone }: { tone: NoticeTone }) {
	switch (tone) {
		case 'info':
			return <Info size={20} aria-hidden="true" />;
		case 'good':
			return <CircleCheck size={20} aria-hidden="true" />;
		case 'warning':
			return <TriangleAlert size={20} aria-hidden="true" />;
		case 'danger':
			return <CircleAlert size={20} aria-hidden="true" />;
	}
}
