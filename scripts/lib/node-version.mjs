/** The oldest Node.js that every dependency supports; the same as `engines` in package.json. */
const MINIMUM = [20, 19];

/** One line that says what to do about a Node.js that is too old; null for one that will do. */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return null;
  return `This needs Node.js ${MINIMUM.join('.')} or newer, and this is ${version}: install it from https://nodejs.org or with nvm install 24.`;
}

const problem = nodeVersionProblem(process.versions.node);
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}
