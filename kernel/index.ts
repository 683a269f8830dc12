/** The package's front: everything a plugin may import, for people who write `from '@gethelio/proxy'`. */
export * from './plugin.ts';
