//! Types of the contract held against those of a component, named as the contract names them.

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentDefinedType, ComponentFuncType, ComponentFuncTypeId, ComponentValType,
};
use wit_parser::{Function, Type, TypeDefKind};

use super::contract::Contract;
use super::{MISMATCHES_MAX, shown};
use crate::plugin::scan::Scanned;

/// Types within each other; wasmparser takes no more either.
const DEPTH_MAX: usize = 100;

/// Parameters and members of a tuple that are spelt out.
const SPELT_MAX: usize = 8;

/// One comparison, and all it found.
pub(super) struct Comparison<'a> {
    contract: &'a Contract,
    scanned: &'a Scanned,
    pub(super) mismatches: Vec<String>,
    depth: usize,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(contract: &'a Contract, scanned: &'a Scanned) -> Self {
        Self { contract, scanned, mismatches: Vec::new(), depth: 0 }
    }

    /// Parameters by their place, and the result.
    pub(super) fn function(&mut self, ours: &Function, theirs: ComponentFuncTypeId) {
        let Some(theirs) = self.scanned.types().get(theirs) else { return };
        let name = &ours.name;
        let as_many = ours.params.len() == theirs.params.len();
        let mut params = ours.params.iter().zip(&theirs.params);
        let all_fit = as_many
            & params
                .by_ref()
                .fold(true, |fit, (ours, (_, theirs))| self.fits(ours.ty, *theirs) & fit);
        if !all_fit {
            let (takes, has) = (self.their_parameters(theirs), parameters(self.contract, ours));
            self.tell(format!("function `{name}` takes {takes} where the contract has {has}"));
        }
        if !self.both_fit(ours.result, theirs.result) {
            let (gives, has) = (self.optional(theirs.result), optional(self.contract, ours.result));
            self.tell(format!("function `{name}` returns {gives} where the contract has {has}"));
        }
    }

    /// False where the types are of different shape. A difference within a type that has a name is
    /// told under that name, and is not one of shape.
    fn fits(&mut self, ours: Type, theirs: ComponentValType) -> bool {
        self.depth += 1;
        let fits = self.depth > DEPTH_MAX || self.shape_fits(ours, theirs);
        self.depth -= 1;
        fits
    }

    fn shape_fits(&mut self, ours: Type, theirs: ComponentValType) -> bool {
        let contract = self.contract;
        let Some(definition) = contract.definition(ours) else {
            return self.primitive(theirs) == primitive(ours);
        };
        if let TypeDefKind::Type(alias) = definition.kind {
            return self.fits(alias, theirs);
        }
        let scanned = self.scanned;
        let ComponentValType::Type(id) = theirs else { return false };
        let Some(theirs) = scanned.types().get(id) else { return false };
        let name = definition.name.as_deref().unwrap_or_default();
        match (&definition.kind, theirs) {
            (TypeDefKind::Record(ours), ComponentDefinedType::Record(theirs)) => {
                let ours: Vec<_> = ours.fields.iter().map(|it| (&*it.name, Some(it.ty))).collect();
                let theirs = theirs.fields.iter().map(|(name, ty)| (name.as_str(), Some(*ty)));
                self.members(name, "field", &ours, &theirs.collect::<Vec<_>>());
                true
            }
            (TypeDefKind::Variant(ours), ComponentDefinedType::Variant(theirs)) => {
                let ours: Vec<_> = ours.cases.iter().map(|it| (&*it.name, it.ty)).collect();
                let theirs = theirs.cases.iter().map(|(name, case)| (name.as_str(), case.ty));
                self.members(name, "case", &ours, &theirs.collect::<Vec<_>>());
                true
            }
            (TypeDefKind::Enum(ours), ComponentDefinedType::Enum(theirs)) => {
                let ours: Vec<_> = ours.cases.iter().map(|it| (&*it.name, None)).collect();
                let theirs = theirs.iter().map(|name| (name.as_str(), None));
                self.members(name, "case", &ours, &theirs.collect::<Vec<_>>());
                true
            }
            (TypeDefKind::List(ours), ComponentDefinedType::List { element, .. }) => {
                self.fits(*ours, *element)
            }
            (TypeDefKind::Option(ours), ComponentDefinedType::Option { ty, .. }) => {
                self.fits(*ours, *ty)
            }
            (TypeDefKind::Result(ours), ComponentDefinedType::Result { ok, err, .. }) => {
                self.both_fit(ours.ok, *ok) & self.both_fit(ours.err, *err)
            }
            (TypeDefKind::Tuple(ours), ComponentDefinedType::Tuple(theirs)) => {
                let pairs = ours.types.iter().zip(&theirs.types);
                ours.types.len() == theirs.types.len()
                    && pairs.fold(true, |fit, (ours, theirs)| self.fits(*ours, *theirs) & fit)
            }
            _ => false,
        }
    }

    fn both_fit(&mut self, ours: Option<Type>, theirs: Option<ComponentValType>) -> bool {
        match (ours, theirs) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => self.fits(ours, theirs),
            _ => false,
        }
    }

    /// Fields of a record or cases of a variant: the same ones, in the same order, of the same types.
    fn members(&mut self, of: &str, what: &str, ours: &[Member<'_>], theirs: &[Theirs<'_>]) {
        for (name, _) in ours {
            if !theirs.iter().any(|(it, _)| it == name) {
                self.tell(format!("`{of}` lacks {what} `{name}`"));
            }
        }
        for (name, _) in theirs {
            if !ours.iter().any(|(it, _)| it == name) {
                let name = shown(name);
                self.tell(format!("`{of}` has a {what} `{name}`, which the contract has not"));
            }
        }
        let both = ours.iter().filter(|(name, _)| theirs.iter().any(|(it, _)| it == name));
        let order: Vec<&str> = both.map(|(name, _)| *name).collect();
        let theirs_in_order = theirs.iter().map(|(name, _)| *name);
        if !theirs_in_order.filter(|name| order.contains(name)).eq(order.iter().copied()) {
            let order = order.join(", ");
            self.tell(format!(
                "`{of}` has its {what}s in another order than the contract: {order}"
            ));
        }
        for (name, ours) in ours {
            let Some((_, theirs)) = theirs.iter().find(|(it, _)| it == name) else { continue };
            if !self.both_fit(*ours, *theirs) {
                let (is, has) = (self.optional(*theirs), optional(self.contract, *ours));
                self.tell(format!("`{of}`, {what} `{name}`: {is} where the contract has {has}"));
            }
        }
    }

    fn tell(&mut self, mismatch: String) {
        if self.mismatches.len() < MISMATCHES_MAX {
            self.mismatches.push(mismatch);
        }
    }

    fn primitive(&self, theirs: ComponentValType) -> Option<PrimitiveValType> {
        match theirs {
            ComponentValType::Primitive(primitive) => Some(primitive),
            ComponentValType::Type(id) => match self.scanned.types().get(id)? {
                ComponentDefinedType::Primitive(primitive) => Some(*primitive),
                _ => None,
            },
        }
    }

    fn their_parameters(&self, function: &ComponentFuncType) -> String {
        if function.params.len() > SPELT_MAX {
            return format!("{} parameters", function.params.len());
        }
        let each = |(name, ty): &(wasmparser::names::KebabString, _)| {
            format!("{}: {}", shown(name.as_str()), self.words(*ty, 0))
        };
        format!("({})", function.params.iter().map(each).collect::<Vec<_>>().join(", "))
    }

    fn optional(&self, theirs: Option<ComponentValType>) -> String {
        theirs.map_or_else(|| "nothing".to_owned(), |theirs| self.words(theirs, 0))
    }

    /// A component's type has no name here, so what it is must do.
    fn words(&self, theirs: ComponentValType, depth: usize) -> String {
        if let Some(primitive) = self.primitive(theirs) {
            return primitive.to_string();
        }
        let ComponentValType::Type(id) = theirs else { return String::new() };
        let inner = |ty: &ComponentValType| match depth {
            0..3 => self.words(*ty, depth + 1),
            _ => "…".to_owned(),
        };
        let some = |ty: &Option<ComponentValType>| ty.as_ref().map_or("_".to_owned(), inner);
        match self.scanned.types().get(id) {
            Some(ComponentDefinedType::List { element, .. }) => format!("list<{}>", inner(element)),
            Some(ComponentDefinedType::Option { ty, .. }) => format!("option<{}>", inner(ty)),
            Some(ComponentDefinedType::Result { ok, err, .. }) => {
                format!("result<{}, {}>", some(ok), some(err))
            }
            Some(ComponentDefinedType::Tuple(tuple)) if tuple.types.len() <= SPELT_MAX => {
                let inner: Vec<_> = tuple.types.iter().map(inner).collect();
                format!("tuple<{}>", inner.join(", "))
            }
            Some(ComponentDefinedType::Tuple(_)) => "a tuple".to_owned(),
            Some(ComponentDefinedType::Record(_)) => "a record".to_owned(),
            Some(ComponentDefinedType::Variant(_)) => "a variant".to_owned(),
            Some(ComponentDefinedType::Enum(_)) => "an enum".to_owned(),
            Some(ComponentDefinedType::Flags(_)) => "flags".to_owned(),
            Some(ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_)) => {
                "a resource".to_owned()
            }
            _ => "another type".to_owned(),
        }
    }
}

/// A field or a case of the contract's.
type Member<'a> = (&'a str, Option<Type>);

/// A field or a case of a component's.
type Theirs<'a> = (&'a str, Option<ComponentValType>);

/// A function of the contract, as its text has it.
pub(super) fn signature(contract: &Contract, function: &Function) -> String {
    let parameters = parameters(contract, function);
    match function.result {
        Some(result) => format!("func{parameters} -> {}", words(contract, result)),
        None => format!("func{parameters}"),
    }
}

fn parameters(contract: &Contract, function: &Function) -> String {
    let each = |it: &wit_parser::Param| format!("{}: {}", it.name, words(contract, it.ty));
    format!("({})", function.params.iter().map(each).collect::<Vec<_>>().join(", "))
}

fn optional(contract: &Contract, ours: Option<Type>) -> String {
    ours.map_or_else(|| "nothing".to_owned(), |ours| words(contract, ours))
}

/// A type of the contract, by its name where it has one.
fn words(contract: &Contract, ours: Type) -> String {
    let Some(definition) = contract.definition(ours) else {
        return primitive(ours).map(|it| it.to_string()).unwrap_or_default();
    };
    if let Some(name) = &definition.name {
        return name.clone();
    }
    let some = |ty: Option<Type>| ty.map_or("_".to_owned(), |ty| words(contract, ty));
    match &definition.kind {
        TypeDefKind::List(element) => format!("list<{}>", words(contract, *element)),
        TypeDefKind::Option(inner) => format!("option<{}>", words(contract, *inner)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", some(result.ok), some(result.err)),
        TypeDefKind::Tuple(tuple) => {
            let inner: Vec<_> = tuple.types.iter().map(|ty| words(contract, *ty)).collect();
            format!("tuple<{}>", inner.join(", "))
        }
        kind => kind.as_str().to_owned(),
    }
}

fn primitive(ours: Type) -> Option<PrimitiveValType> {
    Some(match ours {
        Type::Bool => PrimitiveValType::Bool,
        Type::U8 => PrimitiveValType::U8,
        Type::U16 => PrimitiveValType::U16,
        Type::U32 => PrimitiveValType::U32,
        Type::U64 => PrimitiveValType::U64,
        Type::S8 => PrimitiveValType::S8,
        Type::S16 => PrimitiveValType::S16,
        Type::S32 => PrimitiveValType::S32,
        Type::S64 => PrimitiveValType::S64,
        Type::F32 => PrimitiveValType::F32,
        Type::F64 => PrimitiveValType::F64,
        Type::Char => PrimitiveValType::Char,
        Type::String => PrimitiveValType::String,
        Type::ErrorContext => PrimitiveValType::ErrorContext,
        Type::Id(_) => return None,
    })
}
