/** Three steps, each of which needs the one before it. */
export const THREE = '  - {id: net, uses: net}\n  - {id: db, uses: db}\n  - {id: web, uses: web}\n';
