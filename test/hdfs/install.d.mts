// Types of install.mjs, which scripts run before anything is compiled.

/** The class path of a Hadoop name node and data node, as `java -cp` takes it. */
export function hadoopClasspath(): string;
