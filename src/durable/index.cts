/** Files that survive a power cut. CommonJS inside, because the launcher needs it before Node 24 runs. */
export {
  isMissing,
  realFileSystem,
  replaceFile,
  type Below,
  type FileAttributes,
  type FileSystem,
  type ReplaceOptions,
} from './file-system.cjs';
