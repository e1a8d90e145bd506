/** Measures how loud a local microphone is. */
export type VoiceMeter = Readonly<{
	/** The level now, 0 to 1, linear, on the scale of RTP audio levels. */
	level: () => number;
	/** Starts measuring after a click, where the browser held it back. */
	resume: () => void;
	close: () => void;
}>;

/** Returns a meter of a track. The track stays the caller's. */
export function createVoiceMeter(track: MediaStreamTrack): VoiceMeter {
	const context = new AudioContext();
	const analyser = context.createAnalyser();
	analyser.fftSize = 1024;
	context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
	const samples = new Float32Array(analyser.fftSize);
	return {
		level: () => {
			if (!track.enabled) return 0;
			analyser.getFloatTimeDomainData(samples);
			return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
		},
		resume: () => void context.resume().catch(() => undefined),
		close: () => void context.close().catch(() => undefined),
	};
}
