//! The request pipeline that every call passes, and the contracts of the handlers behind it.
