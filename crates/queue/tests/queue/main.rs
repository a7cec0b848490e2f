//! What the queue promises, tried from outside.

#[cfg(test)]
mod fifo;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod life;
#[cfg(test)]
mod model;
