/** A screen, window or tab that is being shared. */
export type ScreenShare = Readonly<{ video: MediaStreamTrack; audio: MediaStreamTrack | undefined }>;

/**
 * Asks for a screen. Call it first thing in a click handler: browsers want the
 * click to be fresh. Rejects when the viewer cancels.
 */
export async function shareScreen(): Promise<ScreenShare> {
	const stream = await navigator.mediaDevices.getDisplayMedia({
		video: { frameRate: { ideal: 15, max: 30 } },
		audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
	});
	const [video] = stream.getVideoTracks();
	if (video === undefined) throw new DOMException('nothing to share', 'NotFoundError');
	video.contentHint = 'detail';
	const audio = quietAudio(video, stream.getAudioTracks()[0]);
	return { video, audio };
}

/** Stops a share and gives the screen back. */
export function stopShare({ video, audio }: ScreenShare): void {
	video.stop();
	audio?.stop();
}

/** A whole screen's sound has the meeting in it, which would come back as an echo; a tab's has not. */
function quietAudio(video: MediaStreamTrack, audio: MediaStreamTrack | undefined): MediaStreamTrack | undefined {
	if (audio === undefined) return undefined;
	const { displaySurface } = video.getSettings();
	if (displaySurface !== 'monitor') return audio;
	audio.stop();
	return undefined;
}
