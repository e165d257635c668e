using System.Text.Json.Nodes;
using Tidings.AspNetCore.Handlers;

namespace Tidings.AspNetCore.Contract;

/// <summary>An application's own part of its AsyncAPI document: <c>x-tidings</c>, the schemas that it speaks of, and its channels in the words of AsyncAPI.</summary>
/// <param name="Tidings">Channels, calls, tasks and resources.</param>
/// <param name="Schemas">By name.</param>
internal sealed record ContractDocument(JsonObject Tidings, IReadOnlyDictionary<string, JsonNode> Schemas)
{
    public const string Member = "x-tidings";

    public static ContractDocument Of(ApplicationContract contract, HandlerJson json)
    {
        var schemas = new ContractSchemas(json.Options);
        var channels = new JsonArray();
        foreach (var channel in contract.Channels)
        {
            var entry = new JsonObject { ["pattern"] = channel.Pattern };
            Add(entry, "message", channel.Heard is { } heard ? schemas.Heard(heard) : null);
            Add(entry, "publish", (channel.Said ?? channel.Heard) is { } said ? schemas.Said(said) : null);
            channels.Add((JsonNode)entry);
        }

        var calls = new JsonObject();
        foreach (var (method, call) in contract.Calls)
        {
            var entry = new JsonObject
            {
                ["params"] = new JsonArray([.. call.Parameters.Select(parameter => (JsonNode)new JsonObject
                {
                    ["name"] = parameter.Name, ["required"] = parameter.IsRequired, ["schema"] = schemas.Said(parameter.Type),
                })]),
                ["whole"] = call.IsWhole,
            };
            Add(entry, "result", call.Result is { } result ? schemas.Heard(result) : null);
            calls[method] = entry;
        }

        var tasks = new JsonObject();
        foreach (var (name, result) in contract.Tasks)
        {
            var entry = new JsonObject();
            Add(entry, "result", result is null ? null : schemas.Heard(result));
            tasks[name] = entry;
        }

        var resources = new JsonObject();
        foreach (var (name, row) in contract.Resources)
        {
            var entry = new JsonObject();
            Add(entry, "row", row() is { } type ? schemas.Heard(type) : null);
            resources[name] = entry;
        }

        var tidings = new JsonObject { ["channels"] = channels, ["calls"] = calls, ["tasks"] = tasks, ["resources"] = resources };
        schemas.Unite(tidings);
        return new ContractDocument(tidings, schemas.Components);
    }

    private static void Add(JsonObject entry, string name, JsonNode? schema)
    {
        if (schema is not null)
        {
            entry[name] = schema;
        }
    }
}
