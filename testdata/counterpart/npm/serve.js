// Serves Verdaccio with the configuration file named on the command line, on a free
// loopback port, which it says as JSON. It ends with its standard input.
const { runServer } = require('verdaccio');

process.stdin.on('end', () => process.exit(0));
process.stdin.resume();

runServer(process.argv[2]).then((server) => {
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(JSON.stringify({ port: server.address().port }) + '\n');
  });
}).catch((err) => {
  process.stderr.write(String(err && err.stack) + '\n');
  process.exit(1);
});
