//! What the queue promises, tried from outside.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod fifo;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod life;
#[cfg(test)]
mod model;
#[cfg(test)]
mod secrecy;
