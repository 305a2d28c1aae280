export * from "./errors.js";
export { databases, deleteDatabase, open, salvage } from "./open.js";
export { peek } from "./peek.js";
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
  Status,
  ViewOptions,
  WriteTransaction,
} from "./types.js";
