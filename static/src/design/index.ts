import './tokens.css';
import './base.css';
import './controls.css';
import './overlays.css';

export { Avatar, hueStyle } from './avatar';
export { Button, IconButton } from './button';
export type { ButtonKind, ButtonProps, IconButtonProps } from './button';
export { Confirm, Dialog } from './dialog';
export { Select, Slider, Switch, TextField } from './field';
export type { Option } from './field';
export { hueOf, initials } from './identity';
export { Menu } from './menu';
export type { MenuItem, MenuOpener } from './menu';
export { Notices, NOTICE_MS, useNotices } from './notice';
export type { Notice, NoticeTone } from './notice';
export { Tooltip } from './tooltip';
export { DesignWords } from './words';
