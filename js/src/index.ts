export * from "./errors.js";
export { databases, deleteDatabase, open } from "./open.js";
export type {
  Collection,
  CollectionDefinition,
  Database,
  IndexDefinition,
  Key,
  ModuleSource,
  OpenOptions,
  Page,
  Query,
  ReadCollection,
  ReadTransaction,
  WriteTransaction,
} from "./types.js";
