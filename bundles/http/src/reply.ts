import type { FastifyReply } from 'fastify';
import { type Problem, PROBLEM_TYPE } from './problems.js';

export async function sendProblem(reply: FastifyReply, problem: Problem): Promise<void> {
  await reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

export async function sendJson(reply: FastifyReply, status: number, json: unknown): Promise<void> {
  await reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(json));
}
