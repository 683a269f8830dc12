/** Starts the dashboard. */
import './app/trusted-types.ts';
import './shell/app.ts';
