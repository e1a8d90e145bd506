import { CircleAlert, Paperclip, X } from 'lucide-react';
import { useId, useRef } from 'react';
import type { Upload, Uploads } from '../client';
import { IconButton } from '../design';
import { useWords } from '../words';
import type { Words } from '../words';
import { bytesInWords } from './bytes';
import { useStore } from './hooks';

/** The files on their way, and those that did not get there. */
export function UploadList({ uploads, most }: { uploads: Uploads; most: number }) {
	const t = useWords();
	const list = useStore(uploads.list);
	if (list.length === 0) return null;
	return (
		<ul className="uploads" aria-label={t('chat.sendingFiles')}>
			{list.map((upload) => (
				<Row key={upload.key} upload={upload} most={most} onCancel={() => uploads.cancel(upload.key)} />
			))}
		</ul>
	);
}

function Row({ upload, most, onCancel }: { upload: Upload; most: number; onCancel: () => void }) {
	const t = useWords();
	const { name, size, sent, problem } = upload;
	const id = useId();
	return (
		<li className="upload">
			<div className="upload-facts">
				<span id={id} className="truncate" dir="auto">{name}</span>
				{problem === undefined ? (
					<>
						<progress aria-labelledby={id} value={size === 0 ? 1 : sent / size} />
						<span className="quiet ticking">{t('chat.sent', { sent: bytesInWords(t, sent), size: bytesInWords(t, size) })}</span>
					</>
				) : (
					<span className="upload-problem" role="alert">
						<CircleAlert size={16} aria-hidden="true" /> {problemWords(t, upload, most)}
					</span>
				)}
			</div>
			<IconButton label={problem === undefined ? t('chat.stop', { name }) : t('chat.remove', { name })} icon={<X size={20} />} tip="none" onClick={onCancel} />
		</li>
	);
}

function problemWords(t: Words, { problem = 'failed' }: Upload, most: number): string {
	return problem === 'too_large' ? t('upload.too_large', { size: bytesInWords(t, most) }) : t(`upload.${problem}`);
}

/** Files that were chosen and are sent with the next message. */
export function Tray({ files, onRemove }: { files: readonly File[]; onRemove: (file: File) => void }) {
	const t = useWords();
	if (files.length === 0) return null;
	return (
		<ul className="tray" aria-label={t('chat.files')}>
			{files.map((file, index) => (
				<li key={index} className="upload">
					<div className="upload-facts">
						<span className="truncate" dir="auto">{file.name}</span>
						<span className="quiet ticking">{bytesInWords(t, file.size)}</span>
					</div>
					<IconButton label={t('chat.remove', { name: file.name })} icon={<X size={20} />} tip="none" onClick={() => onRemove(file)} />
				</li>
			))}
		</ul>
	);
}

/** The button that lets the viewer choose files. */
export function AttachButton({ onFiles, disabled }: { onFiles: (files: readonly File[]) => void; disabled: boolean }) {
	const t = useWords();
	const input = useRef<HTMLInputElement>(null);
	return (
		<>
			<IconButton label={t('chat.attach')} icon={<Paperclip size={20} />} tip="none" className="attach" disabled={disabled} onClick={() => input.current?.click()} />
			<input
				ref={input}
				type="file"
				multiple
				hidden
				onChange={({ currentTarget }) => {
					onFiles([...(currentTarget.files ?? [])]);
					currentTarget.value = ''; // so that the same file can be chosen again
				}}
			/>
		</>
	);
}
