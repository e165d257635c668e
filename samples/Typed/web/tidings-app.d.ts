// Written by Tidings from what the application declares. Changes by hand are lost.
import type { Exchange } from 'tidings-client';

export interface Line {
  text: string;
  from: string | null;
  at: string;
}

export interface NewLine {
  text: string;
}

export interface Order {
  article: string;
  count?: number;
}

export interface Price {
  bid: number;
  ask: number;
}

export interface Receipt {
  number: string;
  state: 'Open' | 'Paid';
}

export interface Report {
  pages: number;
}

export interface App {
  channels: {
    'chat:{room}': Exchange<Line, NewLine>;
    'prices:{symbol}': Price;
  };
  calls: {
    order(order: Order): Receipt;
    sum(a: number, b: number): number;
  };
  tasks: {
    report: Report;
  };
}

declare module 'tidings-client' {
  interface Register extends App {}
}
