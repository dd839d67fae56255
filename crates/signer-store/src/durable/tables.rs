//! The tables of the store in one write transaction.

use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition, WriteTransaction};
use signer_protocols::blink::{IdempotencyKey, Timestamp};

use crate::digest::Name;
use crate::payment::{MS_PER_DAY, REMEMBERED_MS};
use crate::remembered::Remembered;
use crate::sums::DaySum;
use crate::{KeyId, Reservation, StoreError, SumError};

/// Idempotency keys: the record that [`encode`] writes.
const RETRIES: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("retries");
/// When each key was recorded (milliseconds, big-endian) and its name; the value is its caller.
const AGES: TableDefinition<'_, &[u8; 40], &[u8; 32]> = TableDefinition::new("ages");
/// How many keys each caller has.
const KEYS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("keys");
/// Sums: the latest day and its sum.
const SUMS: TableDefinition<'_, &[u8; 32], (u64, u128)> = TableDefinition::new("sums");
/// The time of the last probe.
const PROBE: TableDefinition<'_, (), u64> = TableDefinition::new("probe");

/// Old keys that a batch removes beyond those that it adds.
const REMOVED_PER_BATCH: usize = 256;

pub(super) type Result<T> = std::result::Result<T, redb::Error>;

/// A reservation as the writer gets it.
#[derive(Debug)]
pub(super) struct Reserve {
    pub(super) scope: Name,
    pub(super) retry: Option<(Name, [u8; 32])>,
    pub(super) fresh_key: IdempotencyKey,
    pub(super) amount: u128,
    pub(super) limit: Option<u128>,
    pub(super) now: Timestamp,
    pub(super) key: KeyId,
}

/// A named sum as the writer gets it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Add {
    pub(super) name: Name,
    pub(super) day: u64,
    pub(super) amount: u128,
    pub(super) limit: Option<u128>,
}

/// How much the tables may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) keys: u64,
    pub(super) keys_per_caller: u64,
    pub(super) sums: u64,
}

pub(super) struct Tables<'t> {
    retries: Table<'t, &'static [u8; 32], &'static [u8]>,
    ages: Table<'t, &'static [u8; 40], &'static [u8; 32]>,
    keys: Table<'t, &'static [u8; 32], u64>,
    sums: Table<'t, &'static [u8; 32], (u64, u128)>,
    probe: Table<'t, (), u64>,
    bounds: Bounds,
    /// The time by which keys age, in milliseconds since 1970.
    now_ms: u64,
    changed: bool,
}

impl<'t> Tables<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        bounds: Bounds,
        now_ms: u64,
    ) -> Result<Self> {
        Ok(Self {
            retries: transaction.open_table(RETRIES)?,
            ages: transaction.open_table(AGES)?,
            keys: transaction.open_table(KEYS)?,
            sums: transaction.open_table(SUMS)?,
            probe: transaction.open_table(PROBE)?,
            bounds,
            now_ms,
            changed: false,
        })
    }

    /// Whether there is anything to commit.
    pub(super) const fn is_changed(&self) -> bool {
        self.changed
    }

    /// When the newest key was recorded.
    pub(super) fn newest_ms(&self) -> Result<u64> {
        let last = self.ages.last()?;
        Ok(last.map_or(0, |(age, _)| recorded_at(age.value())))
    }

    pub(super) fn reserve(
        &mut self,
        request: &Reserve,
    ) -> Result<std::result::Result<Reservation, StoreError>> {
        let Some((id, hash)) = &request.retry else {
            return Ok(self.count(request)?.map(|()| Reservation {
                idempotency_key: request.fresh_key.clone(),
                signed_at: request.now,
                remembered: true,
            }));
        };
        if let Some(mut known) = self.remembered(id)? {
            match known.same_payload(hash, request.now, request.key) {
                Err(error) => return Ok(Err(error)),
                Ok(Some(same)) => return Ok(Ok(same)),
                Ok(None) => {}
            }
            if let Err(error) = self.count(request)? {
                return Ok(Err(error));
            }
            let reservation = known.renew(request.now, request.key);
            self.retries.insert(id, encode(&known).as_slice())?;
            self.changed = true;
            return Ok(Ok(reservation));
        }
        let held = self.keys.get(&request.scope)?.map_or(0, |keys| keys.value());
        if held >= self.bounds.keys_per_caller {
            return Ok(Err(StoreError::TooManyKeys));
        }
        if self.retries.len()? >= self.bounds.keys {
            return Ok(Err(StoreError::Unavailable));
        }
        if let Err(error) = self.count(request)? {
            return Ok(Err(error));
        }
        let mut known = Remembered {
            hash: *hash,
            idempotency_key: request.fresh_key.clone(),
            signed_at: request.now,
            key: request.key,
        };
        self.retries.insert(id, encode(&known).as_slice())?;
        self.ages.insert(&age(self.now_ms, id), &request.scope)?;
        self.keys.insert(&request.scope, held + 1)?;
        self.changed = true;
        Ok(Ok(known.renew(request.now, request.key)))
    }

    fn remembered(&self, id: &Name) -> Result<Option<Remembered>> {
        let Some(record) = self.retries.get(id)? else { return Ok(None) };
        let damaged = || redb::Error::Corrupted("a record of an idempotency key".into());
        decode(record.value()).map(Some).ok_or_else(damaged)
    }

    fn count(&mut self, request: &Reserve) -> Result<std::result::Result<(), StoreError>> {
        let day = request.now.unix_ms() / MS_PER_DAY;
        let Reserve { scope: name, amount, limit, .. } = request;
        let add = Add { name: *name, day, amount: *amount, limit: *limit };
        Ok(match self.sum_after(&add)? {
            None => Err(StoreError::DayCeiling),
            Some(None) if limit.is_some() => Err(StoreError::Unavailable),
            Some(None) => Ok(()),
            Some(Some(sum)) => {
                self.write_sum(name, sum)?;
                Ok(())
            }
        })
    }

    /// Counts all amounts, or none.
    pub(super) fn add_all(
        &mut self,
        requests: &[Add],
    ) -> Result<std::result::Result<(), SumError>> {
        let mut before: Vec<(Name, Option<DaySum>)> = Vec::with_capacity(requests.len());
        for (index, add) in requests.iter().enumerate() {
            let sum = match self.sum_after(add)? {
                Some(Some(sum)) => sum,
                refused => {
                    for (name, sum) in before.iter().rev() {
                        match sum {
                            Some(sum) => self.write_sum(name, *sum)?,
                            None => drop(self.sums.remove(name)?),
                        }
                    }
                    let full = refused.is_some();
                    return Ok(Err(if full {
                        SumError::Unavailable
                    } else {
                        SumError::Limit(index)
                    }));
                }
            };
            before.push((add.name, self.sum(&add.name)?));
            self.write_sum(&add.name, sum)?;
        }
        Ok(Ok(()))
    }

    /// Counts an amount that has no limit. A full table counts nothing new.
    pub(super) fn add_unlimited(&mut self, add: &Add) -> Result<()> {
        if let Some(Some(sum)) = self.sum_after(&Add { limit: None, ..*add })? {
            self.write_sum(&add.name, sum)?;
        }
        Ok(())
    }

    /// The sum after an amount: `None` above the limit, `Some(None)` if the table is full.
    fn sum_after(&self, add: &Add) -> Result<Option<Option<DaySum>>> {
        let known = self.sum(&add.name)?;
        if known.is_none() && self.sums.len()? >= self.bounds.sums {
            return Ok(Some(None));
        }
        Ok(known.unwrap_or_default().plus(add.day, add.amount, add.limit).map(Some))
    }

    fn sum(&self, name: &Name) -> Result<Option<DaySum>> {
        let stored = self.sums.get(name)?;
        Ok(stored.map(|stored| {
            let (day, sum) = stored.value();
            DaySum { day, sum }
        }))
    }

    fn write_sum(&mut self, name: &Name, sum: DaySum) -> Result<()> {
        self.sums.insert(name, (sum.day, sum.sum))?;
        self.changed = true;
        Ok(())
    }

    /// A write that changes nothing that anybody reads.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.probe.insert((), self.now_ms)?;
        self.changed = true;
        Ok(())
    }

    /// Removes keys that are older than 24 hours, `added` and some more at most.
    pub(super) fn forget_old_keys(&mut self, added: usize) -> Result<()> {
        for _ in 0..added + REMOVED_PER_BATCH {
            let Some((age, scope)) = self.oldest()? else { return Ok(()) };
            if self.now_ms.saturating_sub(recorded_at(&age)) <= REMEMBERED_MS {
                return Ok(());
            }
            self.ages.remove(&age)?;
            self.retries.remove(&name_of(&age))?;
            let held = self.keys.get(&scope)?.map_or(0, |keys| keys.value());
            if held > 1 {
                self.keys.insert(&scope, held - 1)?;
            } else {
                self.keys.remove(&scope)?;
            }
            self.changed = true;
        }
        Ok(())
    }

    fn oldest(&self) -> Result<Option<([u8; 40], Name)>> {
        let first = self.ages.first()?;
        Ok(first.map(|(age, scope)| (*age.value(), *scope.value())))
    }

    /// Removes the sums of earlier days.
    pub(super) fn forget_sums_before(&mut self, earliest: u64) -> Result<()> {
        self.sums.retain(|_, (day, _)| day >= earliest)?;
        self.changed = true;
        Ok(())
    }
}

/// The key of [`AGES`], which sorts by time.
fn age(recorded_ms: u64, id: &Name) -> [u8; 40] {
    let mut age = [0; 40];
    let (time, name) = age.split_at_mut(8);
    time.copy_from_slice(&recorded_ms.to_be_bytes());
    name.copy_from_slice(id);
    age
}

fn recorded_at(age: &[u8; 40]) -> u64 {
    age.first_chunk().map_or(0, |time| u64::from_be_bytes(*time))
}

fn name_of(age: &[u8; 40]) -> Name {
    age.last_chunk().copied().unwrap_or_default()
}

/// Hash (32 bytes), time (8), key id (8), payload id (36 characters).
fn encode(known: &Remembered) -> Vec<u8> {
    let mut record = Vec::with_capacity(84);
    record.extend(known.hash);
    record.extend(known.signed_at.unix_ms().to_be_bytes());
    record.extend(known.key.to_bytes());
    record.extend(known.idempotency_key.as_str().bytes());
    record
}

fn decode(record: &[u8]) -> Option<Remembered> {
    let (hash, rest) = record.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let (key, id) = rest.split_first_chunk()?;
    Some(Remembered {
        hash: *hash,
        signed_at: Timestamp::from_unix_ms(u64::from_be_bytes(*time)).ok()?,
        key: KeyId::from_bytes(*key),
        idempotency_key: IdempotencyKey::parse(std::str::from_utf8(id).ok()?).ok()?,
    })
}

#[cfg(test)]
mod tests;
