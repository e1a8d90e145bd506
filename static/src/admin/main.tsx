import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import './parts.css';
import './shell.css';
import './lists.css';
import './rooms.css';
import './figures.css';
import './player.css';
import './calendar.css';
import './pages.css';

const root = document.getElementById('root');
if (root !== null) {
	createRoot(root).render(
		<StrictMode>
			<App />
		</StrictMode>,
	);
}
