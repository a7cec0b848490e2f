//! What the store promises, tried from outside. The modules `conformance` and `model` know no engine: they run against
//! each that [`engines`] names.

#[cfg(test)]
mod blobs;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod model;
#[cfg(test)]
mod records;
#[cfg(test)]
mod secrecy;
