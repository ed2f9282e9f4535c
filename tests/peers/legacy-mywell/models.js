'use strict';
// The models, access rules and hooks of LegacyMyWell, as far as other programs meet them.

const deny = {principalType: 'ROLE', principalId: '$unauthenticated', permission: 'DENY', property: '*'};
const anyoneFinds = {
  principalType: 'ROLE', principalId: '$unauthenticated', permission: 'ALLOW',
  property: ['find', 'findById'],
};
const nobodyUpdatesAll = {
  principalType: 'ROLE', principalId: '$everyone', permission: 'DENY', property: 'updateAll',
};

const number = (more) => ({type: 'number', ...more});
const required = {required: true};
const twoDecimals = {dataType: 'decimal', precision: 10, scale: 2};
const stamps = {createdAt: {type: 'date', ...required}, updatedAt: {type: 'date', ...required}};

const DAY_MS = 24 * 60 * 60 * 1000;

// Last two digits of a resource's id.
const IDS = {well: [10, 69], raingauge: [70, 80], checkdam: [80, 99]};

function failure(statusCode, message) {
  return Object.assign(new Error(message), {statusCode});
}

function stamp(model) {
  model.observe('before save', async (context) => {
    const data = context.instance || context.data;
    if (context.isNewInstance && !data.createdAt) data.createdAt = new Date();
    data.updatedAt = new Date();
  });
}

function define(app) {
  const reading = app.registry.createModel('reading', {
    id: number({id: true, generated: true}),
    date: {type: 'date', ...required},
    value: number({...required, ...twoDecimals}),
    villageId: number(),
    postcode: number(required),
    resourceId: number(),
    ...stamps,
  }, {base: 'PersistedModel', acls: [deny]});
  const resource = app.registry.createModel('resource', {
    id: number({id: 1}),
    postcode: number({id: 2, ...required}),
    geo: {type: 'geopoint', ...required},
    last_value: number(twoDecimals),
    well_depth: number(twoDecimals),
    last_date: {type: 'date', default: '2016-05-11 03:04:59'},
    owner: {type: 'string', ...required},
    elevation: number(),
    type: {type: 'string', ...required},
    image: {type: 'text'},
    mobile: {type: 'string'},
    email: {type: 'string'},
    villageId: number(),
    clientId: number(),
    ...stamps,
  }, {base: 'PersistedModel', idInjection: false, acls: [deny, anyoneFinds, nobodyUpdatesAll]});
  const village = app.registry.createModel('village', {
    id: number({id: 1, ...required}),
    postcode: number({id: 2, ...required}),
    name: {type: 'string', ...required},
    coordinates: {type: 'geopoint'},
    ...stamps,
  }, {base: 'PersistedModel', idInjection: false, acls: [deny, anyoneFinds]});
  const client = app.registry.createModel('Client', {mobile_number: {type: 'string'}}, {
    base: 'User', plural: 'Clients',
  });
  [reading, resource, village].forEach(stamp);
  guard(reading, resource);
  choose(resource);
  return {reading, resource, village, client};
}

// Readings are checked before they are stored, and their resource after: too late.
function guard(reading, resource) {
  reading.observe('before save', async (context) => {
    if (!context.isNewInstance) return;
    if (new Date(context.instance.date) > Date.now() + DAY_MS) {
      throw failure(400, 'Reading cannot be in the future!');
    }
  });
  reading.observe('after save', async (context) => {
    const saved = context.instance || context.currentInstance;
    const found = await resource.findOne({where: {and: [{id: saved.resourceId}, {postcode: saved.postcode}]}});
    if (!found) throw new Error('resource doesnt exist!');
    if (new Date(saved.date) < new Date(found.last_date)) return;
    if (found.type === 'raingauge' && !(saved.value > 0)) return;
    found.last_date = saved.date;
    found.last_value = saved.value;
    await found.save({skipUpdateModels: true});
  });
}

// A resource without an id is given one by its type; one is changed by id and postcode.
function choose(resource) {
  const available = async (postcode, type) => {
    const used = (await resource.find({where: {postcode}})).map((it) => String(it.id).substring(2, 4));
    const [first, last] = IDS[type] || [1, 0];
    const ids = [];
    for (let id = first; id <= last; id++) if (!used.includes(String(id))) ids.push(id);
    return ids;
  };
  resource.observe('before save', async (context) => {
    const data = context.instance || context.currentInstance;
    if (data.id || (context.options || {}).skipUpdateModels) return;
    if (!data.villageId) throw new Error('id or villageId is required to create a new resource');
    const ids = await available(data.postcode, data.type);
    if (ids.length === 0) throw new Error(`all ids are taken for pincode ${data.postcode}`);
    data.id = Number(`${data.villageId}${ids[0]}`);
  });
  resource.findAvailableIds = (postcode, villageId, type) => available(postcode, type);
  resource.remoteMethod('findAvailableIds', {
    accepts: ['postcode:number', 'villageId:number', 'type:string'].map((it) => {
      const [arg, type] = it.split(':');
      return {arg, type};
    }),
    http: {path: '/findAvailableIds', verb: 'get'},
    returns: {arg: 'response', type: 'string', root: true},
  });
  resource.updateResourceByIdAndPostcode = async (data) => {
    if (!data.id || !data.postcode) throw failure(400, 'Id and postcode is required');
    const found = await resource.findOne({where: {and: [{id: data.id}, {postcode: data.postcode}]}});
    if (!found) throw failure(404, `Could not find resource for id: ${data.id} and postcode: ${data.postcode}`);
    if (data.geo && data.geo.lat && data.geo.lng) found.geo = data.geo;
    for (const name of ['last_value', 'well_depth', 'last_date', 'owner', 'elevation', 'type', 'villageId']) {
      if (data[name]) found[name] = data[name];
    }
    return found.save();
  };
  resource.remoteMethod('updateResourceByIdAndPostcode', {
    accepts: [{arg: 'data', type: 'object', required: true, http: {source: 'body'}}],
    http: {path: '/updateResourceByIdAndPostcode', verb: 'post'},
    returns: {arg: 'resource', type: 'resource', root: true},
  });
}

module.exports = define;
