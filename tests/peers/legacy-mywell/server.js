'use strict';
// A LegacyMyWell on this machine only. Prints its port; ends when its standard input does.
// MODE=lb2 answers errors as LoopBack 2 does: with the text of a 500, a status and a stack.

const loopback = require('loopback');
const define = require('./models');

const app = loopback({localRegistry: true, loadBuiltinModels: true});
const isLoopBack2 = process.env.MODE === 'lb2';
app.set('remoting', {
  rest: {handleErrors: true, normalizeHttpPath: false},
  json: {strict: false, limit: '100kb'},
  errorHandler: {debug: isLoopBack2, log: false},
});

const database = app.dataSource('database', {connector: require('./store')});
const models = define(app);
const relations = {user: {type: 'belongsTo', model: 'Client', foreignKey: 'userId'}};
app.model(app.registry.getModel('AccessToken'), {dataSource: database, public: false, relations});
for (const name of ['ACL', 'Role', 'RoleMapping', 'User']) {
  app.model(app.registry.getModel(name), {dataSource: database, public: false});
}
for (const model of Object.values(models)) app.model(model, {dataSource: database});

// The peer's own door: rows as a dump has them, and what is there.
app.use('/peer', require('express').json({limit: '64mb'}));
app.post('/peer/:model', (request, response) => {
  database.connector.insert(request.params.model, request.body);
  response.json({count: request.body.length});
});
app.delete('/peer/:model', (request, response) => {
  database.connector.initCollection(request.params.model);
  response.json({});
});
app.get('/peer/:model', (request, response) => {
  response.json(database.connector.rows(request.params.model));
});
app.use(loopback.token());
app.use('/api', loopback.rest());

app.enableAuth();
models.client.create({username: 'sync', email: 'sync@example.org', password: 'sync'}, (error) => {
  if (error) throw error;
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
