// Types of install.mjs, which scripts run before anything is compiled.

/** The class path of a Hadoop name node, data node and MiniKdc, as `java -cp` takes it. */
export function hadoopClasspath(): string;

/** The class path of HttpFS, which is of an older release than the daemons. */
export function httpfsClasspath(): string;
