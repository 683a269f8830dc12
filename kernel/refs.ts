/** The services and extension points that the kernel itself knows by name. */
import { defineExtension, defineService } from './define.ts';
import type { BannerLine, CatalogueCheck, CliCommand, Commit, DoctorCheck, Journal, Refusals } from './plugin.ts';
import type { RoutesContribution } from './extensions.ts';

/** The one transaction of a call. Provided by a state store. */
export const commit = defineService<Commit>('state.commit', { scope: 'process' });
/** Keeps the record. Provided by `audit`. */
export const journal = defineService<Journal>('audit.journal');
/** Turns a refusal into what the client reads. Provided by `feedback`. */
export const refusals = defineService<Refusals>('feedback.refusals');
/** Commands of `helio`. Owned by the kernel. */
export const cliCommand = defineExtension<CliCommand>('kernel.command');
/** Lines of the start banner. Owned by the kernel. */
export const banner = defineExtension<BannerLine>('kernel.banner');
/** What `helio doctor` looks at beside its own. Owned by the kernel. */
export const doctorCheck = defineExtension<DoctorCheck>('kernel.doctor');
/** What only the upstreams' tools show to be wrong with helio.yaml. Owned by the kernel. */
export const catalogueCheck = defineExtension<CatalogueCheck>('kernel.catalogue');
/** Routes on the operator's listener; `api.routes` contributes here, the `operator` plugin owns it. */
export const operatorRoutes = defineExtension<RoutesContribution>('operator.routes');
