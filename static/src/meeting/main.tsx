import { createRoot } from 'react-dom/client';
import { Notices, useNotices } from '../design';

function Empty() {
	const { notices, dismiss } = useNotices();
	return <Notices notices={notices} onDismiss={dismiss} />;
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Empty />);
