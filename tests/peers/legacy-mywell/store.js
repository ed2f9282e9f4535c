'use strict';
// LoopBack's memory connector, storing as MySQL would: two decimals, whole seconds, keys of two
// columns, and zero dates that come back as no date at all.

const {Memory} = require('loopback-datasource-juggler/lib/connectors/memory');

// Room for every id below a postcode.
const IDS_A_POSTCODE = 1e10;

const isComposite = (connector, model) =>
  Object.values(connector._models[model].properties).filter((it) => it.id).length > 1;

const twoDecimals = (value) => Math.round((value + Number.EPSILON * Math.sign(value)) * 100) / 100;

function stored(properties, data) {
  const row = {};
  for (const name in data) { // An update inherits what it changes.
    const value = data[name];
    const property = properties[name];
    if (!property) continue; // A table has no column for it.
    if (value === null || value === undefined) row[name] = null;
    else if (property.scale === 2) row[name] = twoDecimals(Number(value));
    else if (property.type.name === 'Date') row[name] = wholeSecond(value);
    else row[name] = value;
  }
  return row;
}

function wholeSecond(value) {
  const time = value instanceof Date ? value.getTime() : Date.parse(value);
  return Number.isNaN(time) ? value : new Date(Math.floor(time / 1000) * 1000).toISOString();
}

class Store extends Memory {
  getIdValue(model, data) {
    if (!isComposite(this, model)) return super.getIdValue(model, data);
    return data && data.id && data.postcode ?
      data.postcode * IDS_A_POSTCODE + data.id : undefined;
  }

  setIdValue(model, data, value) {
    if (!isComposite(this, model)) super.setIdValue(model, data, value);
  }

  _createSync(model, data, done) {
    const row = stored(this._models[model].properties, data);
    super._createSync(model, row, (error, id) => {
      if (error) {
        // The text the original's callers see.
        error.message = `ER_DUP_ENTRY: Duplicate entry '${this.getIdValue(model, data)}' for key 'PRIMARY'`;
        error.statusCode = error.status = 500;
        return done(error);
      }
      done(null, isComposite(this, model) ? data.id : id);
    });
  }

  save(model, data, options, done) {
    super.save(model, stored(this._models[model].properties, data), options, done);
  }

  updateAttributes(model, id, data, options, done) {
    super.updateAttributes(model, id, stored(this._models[model].properties, data), options, done);
  }

  fromDb(model, data) {
    const row = super.fromDb(model, data);
    // The driver makes null of a zero date.
    for (const name in row) if (row[name] instanceof Date && isNaN(row[name])) row[name] = null;
    return row;
  }

  // Rows as a database dump has them: past every hook.
  insert(model, rows) {
    for (const row of rows) {
      this._createSync(model, row, (error) => {
        if (error) throw error;
      });
    }
  }

  rows(model) {
    return Object.values(this.collection(model)).map((row) => this.fromDb(model, row));
  }
}

exports.initialize = (dataSource, done) => {
  dataSource.connector = new Store(null, dataSource.settings);
  dataSource.connect(done);
};
