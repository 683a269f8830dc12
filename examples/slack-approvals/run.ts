/** Plays the example in a terminal: makes the call, and waits for you to press a button in the fake Slack. */
import { play } from './play.ts';

const played = await play();
process.stdout.write(`fake Slack: ${played.slack.url}
inbox:      ${played.dashboard}/approvals (secret: ${played.apiSecret})

An agent pays 250 GBP: ${(await played.pay(250)).split('\n')[0]}

It pays 1,250 GBP. Open the fake Slack and press a button ...
`);
process.stdout.write(`The agent reads: ${await played.pay(1_250)}\n`);
await played.stop();
