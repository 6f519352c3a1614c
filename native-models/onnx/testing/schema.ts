/**
 * ONNX's messages for @bufbuild/protobuf, an independent reader of the same format.
 * Field numbers: onnx.proto of ONNX 1.19.
 */
import { create, createFileRegistry, type DescMessage, type Message } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

const scalars = {
  float: Type.FLOAT,
  double: Type.DOUBLE,
  int32: Type.INT32,
  int64: Type.INT64,
  uint64: Type.UINT64,
  string: Type.STRING,
  bytes: Type.BYTES,
};

/** name: number type, `*` behind the type for repeated fields. Messages begin with a capital. */
const messages: Readonly<Record<string, string>> = {
  ModelProto:
    'irVersion 1 int64, producerName 2 string, producerVersion 3 string, domain 4 string, modelVersion 5 int64, docString 6 string, graph 7 GraphProto, opsetImport 8 OperatorSetIdProto*, metadataProps 14 StringStringEntryProto*',
  OperatorSetIdProto: 'domain 1 string, version 2 int64',
  StringStringEntryProto: 'key 1 string, value 2 string',
  GraphProto:
    'node 1 NodeProto*, name 2 string, initializer 5 TensorProto*, docString 10 string, input 11 ValueInfoProto*, output 12 ValueInfoProto*, valueInfo 13 ValueInfoProto*, metadataProps 16 StringStringEntryProto*',
  NodeProto:
    'input 1 string*, output 2 string*, name 3 string, opType 4 string, attribute 5 AttributeProto*, docString 6 string, domain 7 string, overload 8 string, metadataProps 9 StringStringEntryProto*',
  AttributeProto:
    'name 1 string, f 2 float, i 3 int64, s 4 bytes, t 5 TensorProto, g 6 GraphProto, floats 7 float*, ints 8 int64*, strings 9 bytes*, tensors 10 TensorProto*, graphs 11 GraphProto*, docString 13 string, type 20 int32, refAttrName 21 string',
  TensorProto:
    'dims 1 int64*, dataType 2 int32, floatData 4 float*, int32Data 5 int32*, stringData 6 bytes*, int64Data 7 int64*, name 8 string, rawData 9 bytes, doubleData 10 double*, uint64Data 11 uint64*, docString 12 string, externalData 13 StringStringEntryProto*, dataLocation 14 int32',
  ValueInfoProto: 'name 1 string, type 2 TypeProto, docString 3 string',
  TypeProto: 'tensorType 1 TensorTypeProto',
  TensorTypeProto: 'elemType 1 int32, shape 2 TensorShapeProto',
  TensorShapeProto: 'dim 1 DimensionProto*',
  DimensionProto: 'dimValue 1 int64, dimParam 2 string',
};

const file = create(FileDescriptorProtoSchema, {
  name: 'onnx.proto',
  package: 'onnx',
  // In this version fields say whether they are there, and numbers come unpacked, as ONNX writes them.
  syntax: 'proto2',
  messageType: Object.entries(messages).map(([name, fields]) => ({
    name,
    field: fields.split(', ').map((field) => {
      const [fieldName, number, kind] = field.split(' ') as [string, string, string];
      const type = kind.replace('*', '');
      return {
        name: fieldName,
        jsonName: fieldName,
        number: Number(number),
        label: kind.endsWith('*') ? Label.REPEATED : Label.OPTIONAL,
        ...(type in scalars ? { type: scalars[type as keyof typeof scalars] } : { type: Type.MESSAGE, typeName: `.onnx.${type}` }),
      };
    }),
  })),
});

const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));

function schemaOf(name: string): DescMessage {
  return registry.getMessage(`onnx.${name}`)!;
}

export const ModelSchema = schemaOf('ModelProto');
export const NodeSchema = schemaOf('NodeProto');
export const ValueInfoSchema = schemaOf('ValueInfoProto');
export const OpsetSchema = schemaOf('OperatorSetIdProto');

/** The messages, as far as the tests look into them. Lists are never absent; other fields are undefined where they are not there. */
export interface ModelMessage extends Message {
  readonly graph: GraphMessage;
  readonly opsetImport: readonly (Message & { readonly domain?: string; readonly version?: bigint })[];
}

export interface GraphMessage extends Message {
  readonly node: readonly NodeMessage[];
  readonly initializer: readonly TensorMessage[];
  readonly input: readonly ValueInfoMessage[];
  readonly output: readonly ValueInfoMessage[];
}

export interface NodeMessage extends Message {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly opType: string;
  readonly domain: string;
  readonly attribute: readonly AttributeMessage[];
}

export interface AttributeMessage extends Message {
  readonly name: string;
  readonly type: number;
  readonly f: number;
  readonly i: bigint;
  readonly s: Uint8Array;
  readonly t?: TensorMessage;
  readonly g?: GraphMessage;
  readonly ints: readonly bigint[];
}

export interface TensorMessage extends Message {
  readonly name: string;
  readonly dims: readonly bigint[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
  readonly floatData: readonly number[];
  readonly dataLocation: number;
  readonly externalData: readonly { readonly key: string; readonly value: string }[];
}

export interface ValueInfoMessage extends Message {
  readonly name: string;
  readonly type?: { readonly tensorType?: { readonly elemType: number; readonly shape?: { readonly dim: readonly DimensionMessage[] } } };
}

interface DimensionMessage {
  readonly dimValue: bigint;
  readonly dimParam: string;
}
